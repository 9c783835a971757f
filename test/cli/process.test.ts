import { expect } from "chai";
import { statSync, utimesSync } from "node:fs";
import type { Ended } from "./running-command.js";
import { BROKEN, handledTwice, jsonLines, linesOf, SAMPLE, TOPIC, Workbench } from "./workbench.js";

const ESPRESSO = "/content/dam/espresso";

/** The status object's fields that the published page documents. */
const DOCUMENTED = [
  "processingId",
  "path",
  "excludedPaths",
  "status",
  "triggeredCount",
  "startedAt",
  "completedAt",
  "hasLogs",
  "createdBy",
  "type",
  "migrationSet",
  "eta",
  "comments",
  "filter",
  "restartable",
  "resumable",
  "cancellable",
];

const EXTRA = [
  "processedCount",
  "succeededCount",
  "failedCount",
  "skippedCount",
  "attempt",
  "progress",
  "throughput",
  "paths",
  "priority",
  "pausing",
  "dryRun",
];

/** A table's row by its first cell, as the other cells. */
function rowOf(out: string, name: string): readonly string[] | undefined {
  const rows = out.split("\n").map((line) => line.split("│").map((cell) => cell.trim()));
  return rows.find((cells) => cells[1] === name)?.slice(2, -1);
}

const createdOf = (file: string): number => Math.floor(statSync(file).birthtimeMs);

describe("assetmill process", () => {
  let bench: Workbench;

  beforeEach(() => {
    bench = new Workbench();
  });
  afterEach(() => bench.dispose());

  const argsOf = (path: string, assets: string, more: readonly string[]): readonly string[] => [
    "process",
    path,
    "--assets",
    assets,
    "--store",
    bench.store,
    ...more,
  ];
  const process = (path: string, assets: string, ...more: readonly string[]): Promise<Ended> =>
    bench.call(argsOf(path, assets, more));
  /** The same in a process of its own, as a user or a script would. */
  const started = (path: string, assets: string, ...more: readonly string[]): Promise<Ended> =>
    bench.run(argsOf(path, assets, more));

  it("exits with 0 and prints a table of the sample's contents", async () => {
    const { code, out, err } = await started(ESPRESSO, SAMPLE);
    expect(code, err).to.equal(0);
    expect(rowOf(out, "File type")).to.deep.equal(["Total", "Succeeded", "Failed", "Skipped"]);
    expect(rowOf(out, "DITATOPIC")).to.deep.equal(["12", "12", "0", "0"]);
    expect(rowOf(out, "DITAMAP")).to.deep.equal(["5", "5", "0", "0"]);
    expect(rowOf(out, "DITAVAL")).to.deep.equal(["1", "1", "0", "0"]);
    expect(rowOf(out, "MARKDOWN")).to.deep.equal(["1", "0", "0", "1"]);
    expect(rowOf(out, "HTML/CSS")).to.deep.equal(["1", "0", "0", "1"]);
    expect(rowOf(out, "OTHERS")).to.deep.equal(["3", "0", "0", "3"]);
    expect(rowOf(out, "All")).to.deep.equal(["23", "18", "0", "5"]);
    expect(out).to.match(/^Skipped: 5 NO_HANDLER$/m);
    expect(out).to.match(/^Time: \d+\.\d s$/m);
    expect(out).to.match(/^SUCCESS: completed: 23 assets$/m);
  });

  it("prints plain progress lines on standard error, without a bar, if it is not on a terminal", async () => {
    const { out, err } = await started(ESPRESSO, SAMPLE);
    expect(err).to.match(/^Job [0-9a-f-]{36}$/m);
    expect(err).to.match(/^(?:WAITING|PROCESSING|SUCCESS) \d+\/\d+/m);
    expect(out + err, "escape sequences and carriage returns").not.to.match(/[\u001b\r]/);
    expect(err, "a bar's blocks").not.to.match(/[■█░=]{3}/);
    expect(out).not.to.match(/^(?:WAITING|PROCESSING) /m);
  });

  it("exits with 1 for the broken sample, processes all of it, and says how to see the failures with line and column", async () => {
    const { code, out, err } = await started("/content/dam/broken", BROKEN);
    expect(code).to.equal(1);
    expect(rowOf(out, "All")).to.deep.equal(["6", "4", "1", "1"]);
    expect(out).to.match(/^SUCCESS: completed with 1 failed of 6 assets$/m);
    const hint = /assetmill (failures [0-9a-f-]{36} --store \S+)$/m.exec(err);
    const failures = await bench.run(hint?.[1]?.split(" ") ?? []);
    expect(failures.code).to.equal(0);
    expect(linesOf(failures)).to.deep.equal([
      "SKIPPED   /content/dam/broken/bean.svg: NO_HANDLER",
      "FAILED    /content/dam/broken/topics/blending.dita: XML_NOT_WELL_FORMED " +
        "line 8, column 36: end tag </i> where </b> is expected [dita]",
    ]);
  });

  it("exits with 1 as FAILURE if every asset failed", async () => {
    const { code, out } = await process("/", bench.tree({ "a.dita": "<topic", "b.dita": "<topic>" }));
    expect(code).to.equal(1);
    expect(out).to.match(/^FAILURE: /m);
    expect(rowOf(out, "All")).to.deep.equal(["2", "0", "2", "0"]);
  });

  it("succeeds on an empty folder", async () => {
    const { code, out } = await process("/", bench.tree({}));
    expect(code).to.equal(0);
    expect(rowOf(out, "All")).to.deep.equal(["0", "0", "0", "0"]);
  });

  it("prints with --json a status object on every line of standard output, the last one final, with every field", async () => {
    const plugin = bench.journalPlugin({ delayMs: 700 });
    const assets = bench.topics(4);
    const more = ["--plugin", plugin, "--concurrency", "1", "--exclude", "/x", "--file-type", "DITATOPIC", "--json"];
    const ended = await started("/content/dam/t", assets, ...more);
    expect(ended.code, ended.err).to.equal(0);
    const reports = jsonLines(ended);
    expect(reports.length, "status objects in about three seconds").to.be.at.least(2);
    for (const report of reports) expect(report).to.include.all.keys(...DOCUMENTED, ...EXTRA);
    const processed = reports.map(({ processedCount }) => processedCount as number);
    expect(processed).to.deep.equal([...processed].sort((a, b) => a - b));
    const last = reports.at(-1);
    expect(reports.slice(0, -1).every(({ completedAt }) => completedAt === 0)).to.equal(true);
    expect(last).to.deep.include({
      path: "/content/dam/t",
      paths: ["/content/dam/t"],
      excludedPaths: ["/x"],
      status: "SUCCESS",
      type: "ASSET_PROCESSING",
      triggeredCount: 4,
      processedCount: 4,
      succeededCount: 4,
      failedCount: 0,
      skippedCount: 0,
      hasLogs: true,
      migrationSet: { totalFiles: 4, calculationStatus: "SUCCESS" },
      eta: { value: 0, unit: "SECONDS", basis: "DONE" },
      filter: { fileTypes: ["DITATOPIC"], filterProcessedAssets: false },
      restartable: true,
      resumable: false,
      cancellable: false,
      attempt: 1,
      progress: 1,
      pausing: false,
    });
    expect(last.startedAt).to.be.greaterThan(1_600_000_000_000);
    expect(last.completedAt).to.be.at.least(last.startedAt);
    expect(ended.out).not.to.match(/[│┌]/);
  });

  it("limits the job by repeated --exclude and --file-type: assets that they leave out are not counted", async () => {
    const assets = bench.tree({
      "a/1.dita": TOPIC,
      "b/2.dita": TOPIC,
      "bc/3.dita": TOPIC,
      "c/4.ditamap": "<map/>",
      "c/5.md": "# T",
      "c/6.png": "",
    });
    const excluded = ["--exclude", "/content/dam/t/b", "--exclude", "content/dam/t/c/5.md/"];
    const types = ["--file-type", "DITATOPIC", "--file-type", "DITAMAP", "--file-type", "MARKDOWN"];
    const [report] = jsonLines(await process("/content/dam/t", assets, ...excluded, ...types, "--json"));
    expect(report.excludedPaths).to.deep.equal(["/content/dam/t/b", "/content/dam/t/c/5.md"]);
    expect(report.migrationSet.totalFiles).to.equal(3);
    const outcomes = await bench.ask("outcomes", report.processingId);
    expect(outcomes.map(({ path }) => path)).to.deep.equal([
      "/content/dam/t/a/1.dita",
      "/content/dam/t/bc/3.dita",
      "/content/dam/t/c/4.ditamap",
    ]);
  });

  it("treats --created-after and --created-before as inclusive dates; assets outside are not counted", async () => {
    const assets = bench.tree({ "new.dita": TOPIC });
    const now = Date.now();
    const ask = async (...bounds: readonly string[]): Promise<number> => {
      const [report] = jsonLines(await process("/content/dam/t", assets, ...bounds, "--json"));
      return report.migrationSet.totalFiles as number;
    };
    // What counts is the creation, not the last change.
    utimesSync(bench.path("tree/new.dita"), new Date(now + 7_200_000), new Date(now + 7_200_000));
    expect(await ask("--created-after", "2001-01-01")).to.equal(1);
    expect(await ask("--created-before", "2001-01-01T00:00:00Z")).to.equal(0);
    expect(await ask("--created-after", String(now + 3_600_000))).to.equal(0);
    const createdMs = createdOf(bench.path("tree/new.dita"));
    expect(await ask("--created-after", String(createdMs), "--created-before", String(createdMs))).to.equal(1);
    expect(await ask("--created-before", String(createdMs - 1))).to.equal(0);
    const day = new Date(createdMs).toISOString().slice(0, 10);
    expect(await ask("--created-after", day, "--created-before", day)).to.equal(1);
    expect(await ask("--created-after", String(createdMs + 1))).to.equal(0);
    expect(await ask("--created-after", "2001-01-01", "--created-before", String(now + 3_600_000))).to.equal(1);
  });

  it("processes with --chunk-size 1 and --concurrency 1 one asset at a time, each exactly once, in path order", async () => {
    const plugin = bench.journalPlugin({ delayMs: 1 });
    const bounds = ["--chunk-size", "1", "--concurrency", "1"];
    const { code, out, err } = await process("/content/dam/t", bench.topics(25), "--plugin", plugin, ...bounds);
    expect(code, err).to.equal(0);
    expect(rowOf(out, "All")).to.deep.equal(["25", "25", "0", "0"]);
    const journal = bench.journalled();
    expect(handledTwice(journal)).to.deep.equal([]);
    expect(journal.map(({ event }) => event)).to.deep.equal(
      Array.from({ length: 50 }, (_, i) => (i % 2 === 0 ? "begin" : "end")),
    );
    const paths = bench.journalled("begin").map(({ path }) => path);
    expect(paths).to.deep.equal([...paths].sort());
  });

  it("accepts a single asset, and a path without its leading slash", async () => {
    const path = "content/dam/espresso/topics/water.dita";
    const [report] = jsonLines(await process(path, SAMPLE, "--json"));
    expect(report).to.deep.include({ path: `/${path}`, status: "SUCCESS", succeededCount: 1 });
    expect(report.migrationSet.totalFiles).to.equal(1);
  });

  it("makes a new job if it is repeated after the end, and processes everything again", async () => {
    const plugin = bench.journalPlugin({ delayMs: 0 });
    const assets = bench.topics(2);
    await process("/", assets, "--plugin", plugin);
    await process("/", assets, "--plugin", plugin);
    expect(bench.journalled("begin")).to.have.length(4);
    expect(await bench.ask("history")).to.have.length(2);
  });

  it("never changes the user's files or adds any next to them", async () => {
    const assets = bench.topics(3, "mine");
    await process("/", assets);
    const list = await bench.shell("cd mine && find . -type f | sort | xargs md5sum && find . | wc -l");
    const before = await bench.shell(`printf '%s' '${TOPIC}' | md5sum`);
    const hash = before.out.split(" ")[0];
    expect(
      linesOf(list)
        .slice(0, 3)
        .map((line) => line.split(" ")[0]),
    ).to.deep.equal([hash, hash, hash]);
    expect(linesOf(list).at(-1)?.trim()).to.equal("5");
  });

  it("stores jobs without --store in assetmill.sqlite in the working folder, and finds them there again", async () => {
    const { code } = await bench.run(["process", ESPRESSO, "--assets", SAMPLE]);
    expect(code).to.equal(0);
    expect(bench.has("assetmill.sqlite")).to.equal(true);
    expect(linesOf(await bench.run(["history"]))).to.have.length(1);
  });
});
