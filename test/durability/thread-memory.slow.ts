import { expect } from "chai";
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { Workbench } from "../cli/workbench.js";
import { itMeasures } from "../support/timed.js";

/** Less than is asked for: two threads' heaps, one more, the process itself, and what a busy machine notices late. */
const MOST_MB = 3_500;

/** What a handler in a thread does at one asset, and where that ends. */
const DEEDS = [
  [
    "keeps 2 GB of objects",
    `const kept = []; for (let i = 0; i < 40_000_000; i++) kept.push({ i, text: "t" + i });`,
    /^ended its thread 3 times: .*memory/,
  ],
  [
    "keeps 2 GB of text",
    `const kept = []; for (let i = 0; i < 2_048; i++) kept.push(JSON.stringify(Array.from({ length: 150_000 }, (_, j) => i * j)));`,
    /^ended its thread 3 times: .*memory/,
  ],
  [
    "keeps 4 GB of buffers",
    `const kept = []; for (let i = 0; i < 1_024; i++) kept.push(Buffer.alloc(4 * 1024 * 1024, 1));`,
    /^ended its thread 3 times: while it ran, the process grew by more than 1024 MiB$/,
  ],
] as const;

describe("a handler in a thread that keeps memory", function () {
  this.timeout(240_000);
  const bench = new Workbench();
  const count = 200;
  const assets = bench.topics(count);
  let runs = 0;
  after(() => bench.dispose());

  for (const [what, deed, says] of DEEDS) {
    const keepAtOneAsset = async (): Promise<number> => {
      const name = `${what.replaceAll(" ", "-")}-${++runs}`;
      const store = `sqlite:${bench.path(`${name}.sqlite`)}`;
      const plugin = bench.write(
        `${name}.mjs`,
        `export default { name: "greedy", version: "1", thread: true, async process(asset) {
           if (asset.path.endsWith("a000133.dita")) { ${deed} }
         } };`,
      );
      const flags = ["--assets", assets, "--store", store, "--plugin", plugin];
      const running = bench.start(["process", "/", ...flags], { withinMs: 200_000 });
      let rssMb = 0;
      while (running.isAlive) {
        rssMb = Math.max(rssMb, rssOf(running.pid));
        await sleep(50);
      }
      const { code, signal, err } = await running.ended;
      expect([code, signal], err).to.deep.equal([1, null]);
      const [job] = (await bench.call(["history", "--store", store, "--json"])).out.split("\n");
      const { processingId: id, ...report } = JSON.parse(job ?? "");
      expect(report).to.include({ status: "SUCCESS", succeededCount: count - 1, failedCount: 1, attempt: 1 });
      const failure = JSON.parse((await bench.call(["failures", id, "--store", store, "--json"])).out);
      expect(failure).to.include({ path: "/content/dam/t/f000/a000133.dita", code: "POISON", attempts: 3 });
      expect(failure.message).to.match(says);
      process.stderr.write(`      at most ${rssMb.toFixed(0)} MB\n`);
      return rssMb;
    };
    itMeasures(
      `makes only one asset FAILED POISON if it ${what} there, and the process survives`,
      keepAtOneAsset,
      `is stopped before the process has grown by as much if it ${what}`,
      (rssMb) => expect(rssMb).to.be.lessThan(MOST_MB),
    );
  }

  it("makes only its asset POISON, after about five times, if the kernel ends the process for its memory", async function () {
    const group = memoryGroup(400);
    if (!group) {
      process.stderr.write(
        "\n*** NOT RUN: a process that the kernel ends for its memory: needs root and a memory cgroup ***\n",
      );
      this.skip();
    }
    try {
      const store = `sqlite:${bench.path("kernel.sqlite")}`;
      const plugin = bench.write(
        "kernel.mjs",
        `export default { name: "greedy", version: "1", thread: true, async process(asset) {
           if (!asset.path.endsWith("a000133.dita")) return;
           const kept = []; for (let i = 0; i < 512; i++) kept.push(Buffer.alloc(4 * 1024 * 1024, 1));
         } };`,
      );
      const command = `"$assetmill" process / --assets "${assets}" --store "${store}" --plugin "${plugin}"`;
      let ends = 0;
      for (let over = false; !over;) {
        const { code, signal, err } = await bench.shell(`echo $$ > ${group}/cgroup.procs && exec "$node" ${command}`);
        over = signal === null && code === 1;
        if (!over) expect(signal, err).to.equal("SIGKILL");
        if (!over) expect(++ends, err).to.be.at.most(7);
      }
      const [job] = (await bench.call(["history", "--store", store, "--json"])).out.split("\n");
      const { processingId: id, ...report } = JSON.parse(job ?? "");
      expect(report).to.include({ status: "SUCCESS", succeededCount: count - 1, failedCount: 1, attempt: 1 });
      const failure = JSON.parse((await bench.call(["failures", id, "--store", store, "--json"])).out);
      expect(failure).to.include({ path: "/content/dam/t/f000/a000133.dita", code: "POISON", attempts: 3 });
      process.stderr.write(`      ended by the kernel ${ends} times\n`);
      expect(ends).to.be.within(4, 6);
    } finally {
      rmdirSync(group);
    }
  });
});

const GROUPS = "/sys/fs/cgroup/memory";

/** A group of processes that may have so much memory together; undefined where none can be made. */
function memoryGroup(limitMb: number): string | undefined {
  const group = `${GROUPS}/assetmill-test-${process.pid}`;
  try {
    mkdirSync(group);
    writeFileSync(`${group}/memory.limit_in_bytes`, String(limitMb * 1024 * 1024));
    return group;
  } catch {
    if (existsSync(group)) rmdirSync(group);
    return undefined;
  }
}

const rssOf = (pid: number): number => {
  try {
    return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) / 1_024;
  } catch {
    return 0;
  }
};
