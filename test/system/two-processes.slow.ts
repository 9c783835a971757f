import { expect } from "chai";
import { handledTwice, jsonLines, Workbench } from "../cli/workbench.js";
import { Server } from "./server.js";

const ROOT = "/content/dam/t";

describe("two processes on one store", () => {
  let bench: Workbench;

  beforeEach(() => {
    bench = new Workbench();
  });
  afterEach(() => bench.dispose());

  /** Every asset was begun and ended once, and both processes took part. */
  function expectShared(count: number, pids: readonly number[]): void {
    const journal = bench.journalled();
    expect(handledTwice(journal)).to.deep.equal([]);
    expect(bench.journalled("end")).to.have.length(count);
    expect(bench.journalled("abort")).to.deep.equal([]);
    expect([...new Set(journal.map(({ pid }) => pid))].sort()).to.deep.equal([...pids].sort());
  }

  it("share one job as serve: each asset is processed exactly once, and either reports its status", async () => {
    const count = 4_000;
    const assets = bench.topics(count);
    const plugin = bench.journalPlugin({ delayMs: 10 });
    const flags = ["--plugin", plugin, "--auth", "none"];
    const [one, other] = await Promise.all([
      Server.start(bench, assets, ...flags),
      Server.start(bench, assets, ...flags),
    ]);
    const id = await one.startJob({ path: ROOT, type: "ASSET_PROCESSING" });
    const report = await other.ended(id, 40_000);
    expect(report).to.deep.include({
      status: "SUCCESS",
      succeededCount: count,
      processedCount: count,
      triggeredCount: count,
      migrationSet: { totalFiles: count, calculationStatus: "SUCCESS" },
    });
    expect(await one.status(id)).to.deep.equal(report);
    expect(await one.logs(id)).to.deep.equal(await other.logs(id));
    expectShared(count, [one.command.pid, other.command.pid]);
    expect((await one.logs(id)).filter((line) => line.includes("Ended SUCCESS"))).to.have.length(1);
  });

  it("run the same process command, given twice at once, as one job that both work on", async () => {
    const count = 400;
    const assets = bench.topics(count);
    const plugin = bench.journalPlugin({ delayMs: 50 });
    const flags = ["--assets", assets, "--plugin", plugin, "--store", bench.store, "--chunk-size", "20", "--json"];
    const first = bench.start(["process", ROOT, ...flags]);
    const second = bench.start(["process", ROOT, ...flags]);
    const [a, b] = await Promise.all([first.ended, second.ended]);
    expect([a.code, b.code], a.err + b.err).to.deep.equal([0, 0]);
    const [lastA, lastB] = [jsonLines(a).at(-1), jsonLines(b).at(-1)];
    expect(lastA).to.include({ status: "SUCCESS", succeededCount: count });
    expect(lastB).to.deep.equal(lastA);
    expect(a.err + b.err).to.match(/Resuming job/);
    expectShared(count, [first.pid, second.pid]);
  });

  it("run process for its own job alone, even if another job of the store waits for a worker", async () => {
    const assets = bench.tree({ "a/1.md": "# 1", "a/2.md": "# 2", "b/3.md": "# 3" });
    const command = (path: string, delayMs: number): readonly string[] => {
      const plugin = bench.journalPlugin({ delayMs });
      return ["process", `${ROOT}/${path}`, "--assets", assets, "--plugin", plugin, "--store", bench.store];
    };
    const left = bench.start([...command("a", 500), "--concurrency", "1"]);
    await left.says(/^Job /m);
    left.signal("SIGINT");
    expect((await left.ended).code).to.equal(130);
    const [before] = await bench.ask("history");
    expect(before).to.include({ path: `${ROOT}/a`, completedAt: 0 });
    const begun = bench.journalled("begin").length;
    expect((await bench.run(command("b", 0))).code).to.equal(0);
    const [job, other] = await bench.ask("history");
    expect(job).to.include({ path: `${ROOT}/b`, status: "SUCCESS" });
    expect(other).to.deep.equal(before);
    expect(bench.journalled("begin").slice(begun)).to.have.length(1);
  });
});
