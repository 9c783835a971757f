import { expect } from "chai";
import { cpSync, existsSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { Ended } from "../cli/running-command.js";
import { jsonLines, Workbench } from "../cli/workbench.js";

const DOCS = path.resolve(process.cwd(), "../shared/data/dita-ot-docs");
const ROOT = "/content/dam/docs";

/** Titles and references by kind, read and counted by hand in the XML. */
const BY_HAND: readonly (readonly [string, string | undefined, Readonly<Record<string, number>>])[] = [
  ["index.dita", "DITA Open Toolkit", { key: 15, "content-key": 1 }],
  ["userguide-book.ditamap", "DITA Open Toolkit Release", { key: 8, map: 8 }],
  ["topics/installing.ditamap", "Installing", { key: 3, topic: 1, file: 1 }],
  ["topics/installing.dita", "Installing DITA Open Toolkit", { "content-key": 3, key: 2 }],
  ["resources/subjectscheme.ditamap", undefined, { map: 2, key: 2 }],
  ["topics/ant.dita", undefined, { key: 2 }],
];

/** Line 5 ends a paragraph that is not open: the tag begins at column 12. */
const ILL_FORMED = `<?xml version="1.0" encoding="UTF-8"?>
<topic id="ill">
  <title>Ill-formed</title>
  <body>
    <b>text</p></b>
  </body>
</topic>
`;

describe("the 360 files of DITA-OT's documentation", function () {
  const bench = new Workbench();
  let ran: Ended;
  let id: string;

  before(async function () {
    if (!existsSync(DOCS)) {
      process.stderr.write(`\n!!! NOT RUN: the system tests on 360 real files; there is no ${DOCS}\n`);
      this.skip();
    }
    cpSync(DOCS, bench.path("docs"), { recursive: true });
    writeFileSync(bench.path("docs/topics/ill-formed.dita"), ILL_FORMED);
    const assets = `folder:${DOCS}?mount=${ROOT}`;
    ran = await bench.run(["process", ROOT, "--assets", assets, "--store", bench.store, "--json"]);
    id = jsonLines(ran).at(-1).processingId;
  });
  after(() => bench.dispose());

  it("have exactly one outcome each, and none of them is a failure", async () => {
    expect(ran.code, ran.err).to.equal(0);
    expect(jsonLines(ran).at(-1)).to.deep.include({
      status: "SUCCESS",
      migrationSet: { totalFiles: 360, calculationStatus: "SUCCESS" },
      succeededCount: 330,
      failedCount: 0,
      skippedCount: 30,
      comments: "completed: 360 assets",
    });
    const outcomes = await bench.ask("outcomes", id);
    expect(outcomes).to.have.length(360);
    expect(new Set(outcomes.map(({ path: asset }) => asset)).size).to.equal(360);
    const byName = (kind: string) =>
      outcomes.filter(({ outcome }) => outcome === kind).map(({ path: asset }) => path.extname(asset));
    expect([...new Set(byName("SUCCEEDED"))].sort()).to.deep.equal([".dita", ".ditamap", ".ditaval"]);
    expect([...new Set(byName("SKIPPED"))].sort()).to.deep.equal([".md", ".png", ".svg"]);
  });

  for (const [file, title, counts] of BY_HAND) {
    it(`show ${file} with the title and the references that a reader finds in it`, async () => {
      const assets = ["--assets", `folder:${DOCS}?mount=${ROOT}`];
      const [result] = await bench.ask("show", `${ROOT}/${file}`, ...assets);
      expect(result.properties.fmditaTitle).to.equal(title);
      const kinds: Record<string, number> = {};
      for (const { kind } of result.references) kinds[kind] = (kinds[kind] ?? 0) + 1;
      expect(kinds).to.deep.equal(counts);
      expect(result.jobId).to.equal(id);
    });
  }

  it("include an ill-formed one that is FAILED with its line and column, and stops nothing", async () => {
    const store = `sqlite:${bench.path("ill.sqlite")}`;
    const assets = `folder:${bench.path("docs")}?mount=${ROOT}`;
    const ended = await bench.run(["process", ROOT, "--assets", assets, "--store", store, "--json"]);
    expect(ended.code).to.equal(1);
    const report = jsonLines(ended).at(-1);
    expect(report).to.include({ status: "SUCCESS", succeededCount: 330, failedCount: 1, skippedCount: 30 });
    expect(report.comments).to.equal("completed with 1 failed of 361 assets");
    const answer = await bench.call(["failures", report.processingId, "--store", store, "--json"]);
    const failed = jsonLines(answer).filter(({ outcome }) => outcome === "FAILED");
    expect(failed).to.have.length(1);
    expect(failed[0]).to.deep.include({
      path: `${ROOT}/topics/ill-formed.dita`,
      code: "XML_NOT_WELL_FORMED",
      handler: "dita",
      attempts: 1,
    });
    expect(failed[0].message).to.match(/^line 5, column 12: .*<\/p>/);
    const shown = await bench.call(["show", failed[0].path, "--assets", assets, "--store", store]);
    expect(shown.code, "what failed has no result").to.equal(1);
  });
});
