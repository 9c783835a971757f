import { expect } from "chai";
import { setTimeout as sleep } from "node:timers/promises";
import { Workbench } from "../cli/workbench.js";
import { itMeasures } from "../support/timed.js";

describe("the watchdog of the main thread", () => {
  const bench = new Workbench();
  const assets = bench.topics(30);
  after(() => bench.dispose());

  let runs = 0;
  const loopForEver = async (): Promise<number> => {
    const plugin = bench.write(
      "loop.mjs",
      `export default { name: "loop", version: "1", process(asset) { if (asset.path.endsWith("07.dita")) for (;;); } };`,
    );
    const store = `sqlite:${bench.path(`loop-${++runs}.sqlite`)}`;
    const command = ["process", "/", "--plugin", plugin, "--deadline", "1", "--assets", assets, "--store", store];
    const beganMs = performance.now();
    const { code, signal, err } = await bench.run(command, { withinMs: 60_000 });
    expect([code, signal], err).to.deep.equal([null, "SIGKILL"]);
    expect(err).to.match(/a handler has blocked the main thread for 1 s; killing this process/);
    return performance.now() - beganMs;
  };
  itMeasures(
    "ends a process whose handler never returns, and says so",
    loopForEver,
    "ends a process whose handler never returns soon after the deadline",
    (tookMs) => expect(tookMs).to.be.lessThan(10_000),
  );

  it("does not end a process that was merely stopped for longer, and that continues", async () => {
    const plugin = bench.journalPlugin({ delayMs: 100 });
    const store = `sqlite:${bench.path("stopped.sqlite")}`;
    const command = ["process", "/", "--plugin", plugin, "--deadline", "1", "--concurrency", "1", "--assets", assets];
    const running = bench.start([...command, "--store", store], { withinMs: 30_000 });
    while (bench.journalled("begin").length < 5) await sleep(20);
    running.signal("SIGSTOP");
    await sleep(3_000);
    running.signal("SIGCONT");
    const { code, signal, err } = await running.ended;
    // What was in flight meanwhile may be over its deadline; the process is not.
    expect(signal, err).to.equal(null);
    expect(code).to.be.oneOf([0, 1]);
    expect(await bench.call(["history", "--store", store]))
      .to.have.property("out")
      .that.matches(/SUCCESS/);
  });
});
