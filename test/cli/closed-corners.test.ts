import { expect } from "chai";
import { mkdirSync, renameSync, rmSync } from "node:fs";
import { jsonLines, TOPIC, Workbench } from "./workbench.js";

const ROOT = "/content/dam/t";
const NAME = "d".repeat(200);
const levels = (count: number): string => Array.from({ length: count }, () => NAME).join("/");

describe("a tree with a corner that cannot be read", () => {
  let bench: Workbench;

  beforeEach(() => {
    bench = new Workbench();
  });
  afterEach(async () => {
    // Nothing can remove a path that is longer than the system allows.
    renameSync(bench.path("tree", levels(12)), bench.path("part"));
    rmSync(bench.path("part"), { recursive: true });
    await bench.dispose();
  });

  /** Two topics, hidden files, and a folder that lies deeper than the system allows. */
  function tree(): string {
    const assets = bench.tree({ "a.dita": TOPIC, ".git/x.dita": "<no", "._a.dita": "<no", "z.dita": TOPIC });
    mkdirSync(bench.path("tree", levels(11)), { recursive: true });
    mkdirSync(bench.path("part", levels(10), "x"), { recursive: true });
    renameSync(bench.path("part"), bench.path("tree", levels(12)));
    return assets;
  }

  it("costs a job only that corner, which is FAILED by its path; hidden files are counted in one line", async () => {
    const assets = tree();
    const ended = await bench.call(["process", ROOT, "--assets", assets, "--store", bench.store, "--json"]);
    const report = jsonLines(ended).at(-1);
    expect(ended.code, ended.err).to.equal(1);
    expect(report).to.include({ status: "SUCCESS", succeededCount: 2, failedCount: 1, processedCount: 3 });
    const [failure] = await bench.ask("failures", report.processingId);
    expect(failure).to.include({ code: "READ_FAILED" });
    expect(failure.path).to.match(new RegExp(`^${ROOT}/${NAME}/.*${NAME}$`));
    const lines = (await bench.ask("logs", report.processingId)).map(({ text }) => text);
    expect(lines.filter((text) => text.includes(`Failed ${failure.path}: READ_FAILED`))).to.have.length(1);
    const hidden = lines.filter((text) => text.includes("hidden"));
    expect(hidden).to.have.length(1);
    expect(hidden[0]).to.match(/Left out 2 hidden files or folders \(.*\); \?hidden=true in the repository's URI/);

    const dry = await bench.call(["process", ROOT, "--assets", assets, "--store", bench.store, "--dry-run", "--json"]);
    const log = await bench.ask("logs", jsonLines(dry).at(-1).processingId);
    expect(log.filter(({ text }) => text.includes(`Cannot be read: ${failure.path}: READ_FAILED`))).to.have.length(1);
  });

  it("costs an import only that corner, which it names; --hidden copies hidden files, too", async () => {
    tree();
    for (const [flags, counts] of [
      [[], { created: 2, replaced: 0, unchanged: 0, failed: 1, hidden: 2 }],
      [["--hidden"], { created: 2, replaced: 0, unchanged: 2, failed: 1 }],
    ] as const) {
      const to = ["--assets", `sqlite:${bench.path("i.sqlite")}`, "--json"];
      const ended = await bench.call(["import", bench.path("tree"), ROOT, ...to, ...flags]);
      expect(ended.code).to.equal(1);
      expect(jsonLines(ended)).to.deep.equal([counts]);
      expect(ended.err).to.match(new RegExp(`FAILED ${ROOT}/${NAME}/.*${NAME}: READ_FAILED the path is longer`));
    }
  });
});
