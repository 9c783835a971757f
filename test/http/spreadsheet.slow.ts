import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { expect } from "chai";
import { tempFolder } from "../support/temp-folder.js";
import { BASE, client } from "./client.js";

const run = promisify(execFile);

/** LibreOffice's codes of the separators in its filter options. */
const COMMA = "44";
const SEMICOLON = "59";
const TAB = "9";

/** What authors of files and handlers may write, and programs, too. */
const TEXTS = [
  "plain",
  "한글: 닫는 태그가 없습니다",
  "größer, Ωmega, 😀",
  "a;b;c",
  "a\tb",
  'say "hi", twice',
  "two\nlines",
  "two\r\nlines",
  "'quoted'",
  " blanks around ",
  "007 is 0012345678901234567890",
  "=1+1",
  "+1",
  "-1",
  "@SUM(A1)",
  "  =1+1",
  "\u00a0=1+1",
  "\t=1+1",
  "\r=1+1",
  "\uff1d1+1",
  "x;=1+1;y",
  'x;=HYPERLINK("http://localhost";"y");z',
  "x\t=1+1\ty",
  "x\n=1+1\ny",
  "x\r\n\n@SUM(A1)",
  "한글;\uff1d1+1",
  ";;=1+1",
  "x; -1",
];

/** The cells of a CSV in which text is quoted and nothing else is. */
function cellsOf(csv: string): readonly (readonly string[])[] {
  const rows: string[][] = [[]];
  for (const [, quoted, bare, end] of csv.matchAll(/(?:"((?:[^"]|"")*)"|([^",\n]*))(,|\n)/g)) {
    rows.at(-1)?.push(quoted === undefined ? (bare ?? "") : quoted.replaceAll('""', '"'));
    if (end === "\n") rows.push([]);
  }
  return rows.slice(0, -1);
}

describe("a CSV report in LibreOffice", () => {
  let folder: string;
  let remove: (() => Promise<void>) | undefined;
  let csv: string;

  before(async function () {
    const found = await run("soffice", ["--version"]).catch(() => undefined);
    if (!found) {
      process.stderr.write("\n!!! NOT RUN: CSV reports in a spreadsheet: LibreOffice (soffice) is not installed\n");
      this.skip();
    }
    ({ folder, remove } = await tempFolder());
    const { app, operator } = client();
    for (const [i, text] of TEXTS.entries()) {
      const path = `/00${i}/${text.replaceAll("/", " ")}.dita`;
      operator.reported.push({ path, outcome: "FAILED", code: "X", message: text, handler: "h", attempts: 3, at: i });
    }
    const { processingId } = operator.withJob();
    const headers = { Accept: "text/csv" };
    const response = await app.request(`${BASE}/outcomes?processingId=${processingId}`, { headers });
    csv = Buffer.from(await response.arrayBuffer()).toString("utf8");
    await writeFile(join(folder, "report.csv"), csv);
  });
  after(() => remove?.());

  /**
   * Opens the report with cells separated by these, and converts it. The encoding is UTF-8 as in the dialogue that users
   * see, which goes by the mark; without one, LibreOffice does not look for it.
   */
  async function converted(separators: string, to: string): Promise<string> {
    const profile = `-env:UserInstallation=${pathToFileURL(join(folder, "profile")).href}`;
    const args = ["--headless", profile, `--infilter=CSV:${separators},34,76`, "--convert-to", to];
    await run("soffice", [...args, "--outdir", join(folder, "out"), join(folder, "report.csv")], { timeout: 110_000 });
    return readFile(join(folder, "out", `report.${to.split(":", 1)[0]}`), "utf8");
  }

  /** Text quoted; formulas, if there were any, as such. */
  const BACK = `csv:Text - txt - csv (StarCalc):${COMMA},34,76,1,,0,true,true,true`;

  for (const [how, separators] of [
    ["commas", COMMA],
    ["commas, semicolons and tabs", `${COMMA}/${SEMICOLON}/${TAB}`],
  ] as const) {
    it(`has the cells that were reported where ${how} separate cells`, async () => {
      const cells = cellsOf(await converted(separators, BACK));
      expect(cells[0]).to.deep.equal(["path", "outcome", "code", "message", "handler", "attempts", "at"]);
      const lines = (text: string): string => text.replaceAll(/\r\n?/g, "\n");
      // What the quotes before formulas changed is taken back.
      const plain = (text: string): string => lines(text).replaceAll(/(^|[;\t\n])'(?=[\t\n]|\s*[=+\-@\uff1d])/g, "$1");
      expect(cells.slice(1).map((row) => row.map(plain))).to.deep.equal(
        TEXTS.map((text, i) => [
          lines(`/00${i}/${text.replaceAll("/", " ")}.dita`),
          ...["FAILED", "X", lines(text), "h", "3"],
          new Date(i).toISOString(),
        ]),
      );
    });
  }

  for (const [how, separators] of [
    ["commas", COMMA],
    ["semicolons", SEMICOLON],
    ["tabs", TAB],
    ["all of them", `${COMMA}/${SEMICOLON}/${TAB}`],
  ] as const) {
    it(`has no cell that is evaluated, whatever separates cells: ${how}`, async () => {
      const sheet = await converted(separators, "fods");
      expect(sheet).to.include("한글");
      expect([...sheet.matchAll(/table:formula="[^"]*"/g)].map(([formula]) => formula)).to.deep.equal([]);
    });
  }
});
