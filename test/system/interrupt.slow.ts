import { expect } from "chai";
import { handledTwice, jsonLines, until, Workbench } from "../cli/workbench.js";
import { itMeasures } from "../support/timed.js";

const ROOT = "/content/dam/t";

describe("process, interrupted", () => {
  let bench: Workbench;

  beforeEach(() => {
    bench = new Workbench();
  });
  afterEach(() => bench.dispose());

  for (const [signal, code] of [
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const) {
    const interruptAndGoOn = async (): Promise<{ readonly drainedMs: number; readonly nextMs: number }> => {
      const assets = bench.topics(60);
      const plugin = bench.journalPlugin({ delayMs: 200 });
      const command = ["process", ROOT, "--assets", assets, "--plugin", plugin, "--store", bench.store];
      const first = bench.start(command);
      await until("a dozen assets handled", () => bench.journalled("end").length >= 12);
      first.signal(signal);
      const began = performance.now();
      const interrupted = await first.ended;
      expect(interrupted.code, interrupted.err).to.equal(code);
      const drainedMs = performance.now() - began;
      expect(interrupted.err).to.match(/Interrupted: waiting for running handlers to finish/);
      const said = /Job (\S+) stopped at (\d+)\/60\. Run the same command again to resume it\./.exec(interrupted.err);
      const [, id = "", at] = said ?? [];
      expect(Number(at), interrupted.err).to.equal(bench.journalled("end").length);
      expect(bench.journalled("abort"), "handlers that were not let end").to.deep.equal([]);
      expect(Number(at)).to.be.within(12, 59);
      const [status] = await bench.ask("status", id);
      expect(status).to.include({ status: "PROCESSING", processedCount: Number(at), attempt: 1, completedAt: 0 });

      const restarted = Date.now();
      const second = await bench.run([...command, "--json"]);
      expect(second.code, second.err).to.equal(0);
      expect(second.err).to.include(`Resuming job ${id} at ${at}/60`);
      expect(jsonLines(second).at(-1)).to.include({
        processingId: id,
        status: "SUCCESS",
        succeededCount: 60,
        attempt: 1,
      });
      expect(handledTwice(bench.journalled())).to.deep.equal([]);
      expect(bench.journalled("end")).to.have.length(60);
      expect(await bench.ask("outcomes", id)).to.have.length(60);
      const next = bench.journalled("begin").find(({ at: instant }) => instant >= restarted);
      if (!next) throw new Error("the second run began nothing");
      return { drainedMs, nextMs: next.at - restarted };
    };
    itMeasures(
      `drains on ${signal}, exits with ${code} and says how to resume; resuming repeats nothing`,
      interruptAndGoOn,
      `drains on ${signal} in seconds, and the next run does not wait for a lease`,
      ({ drainedMs, nextMs }) => {
        expect(drainedMs, "ms until it has drained").to.be.lessThan(5_000);
        // A released lease is nobody's: nothing has to expire.
        expect(nextMs, "ms until the next run begins an asset").to.be.lessThan(5_000);
      },
    );
  }

  const interruptTwice = async (): Promise<number> => {
    const assets = bench.topics(20);
    const plugin = bench.journalPlugin({ delayMs: 4_000, heeds: false });
    const flags = ["--assets", assets, "--store", bench.store, "--concurrency", "2"];
    const first = bench.start(["process", ROOT, "--plugin", plugin, ...flags]);
    await until("two assets begun", () => bench.journalled("begin").length === 2);
    first.signal("SIGINT");
    await first.says(/interrupt again to exit at once/);
    const began = performance.now();
    first.signal("SIGINT");
    expect((await first.ended).code).to.equal(130);
    const tookMs = performance.now() - began;
    expect(bench.journalled("end")).to.deep.equal([]);
    const quick = bench.journalPlugin({ delayMs: 0 });
    const second = await bench.run(["process", ROOT, "--plugin", quick, ...flags, "--json"]);
    expect(second.code, second.err).to.equal(0);
    expect(jsonLines(second).at(-1)).to.include({ status: "SUCCESS", succeededCount: 20, failedCount: 0, attempt: 1 });
    expect(bench.journalled("end")).to.have.length(20);
    return tookMs;
  };
  itMeasures(
    "lets no handler end on a second signal; the same command resumes, and repeats only assets without an outcome",
    interruptTwice,
    "exits at once on a second signal",
    (tookMs) => expect(tookMs).to.be.lessThan(2_000),
  );

  it("with --json still prints a status object, not final, as the last line of standard output", async () => {
    const assets = bench.topics(20);
    const plugin = bench.journalPlugin({ delayMs: 300 });
    const child = bench.start([
      "process",
      ROOT,
      "--assets",
      assets,
      "--plugin",
      plugin,
      "--store",
      bench.store,
      "--json",
    ]);
    await until("an asset handled", () => bench.journalled("end").length > 0);
    child.signal("SIGINT");
    const ended = await child.ended;
    expect(ended.code).to.equal(130);
    const last = jsonLines(ended).at(-1);
    expect(last).to.include({ status: "PROCESSING", completedAt: 0, processedCount: bench.journalled("end").length });
  });
});
