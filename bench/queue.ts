import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Assetmill, createAssetmill } from "../src/index.js";
import { SyntheticTrees } from "./synthetic-trees.js";

/** Jobs whose starts are timed, and jobs that must end before the rate is taken. */
const TIMED = 50;
const ENDED = 100;
const LIMIT_MS = 300_000;

const say = (line: string): void => void process.stdout.write(`${line}\n`);

/** What the jobs of a queue do to each other. */
const KINDS = {
  /** Each on a folder of its own. */
  free: (i: number) => `/free-${i}`,
  /** All on one folder: each waits for the one before. */
  waiting: () => "/shared",
} as const;

/**
 * `npm run bench -- queue [JOBS]...`: queues jobs of one asset each, and measures what a start takes at the end of the
 * queue, and how many jobs end in a second while it is that long; once with jobs that are all free at once, and once with
 * jobs that wait for each other.
 */
export async function runQueue(counts: readonly string[]): Promise<void> {
  for (const count of counts.length > 0 ? counts.map(Number) : [100, 1_000, 10_000]) {
    for (const kind of Object.keys(KINDS) as (keyof typeof KINDS)[]) await measure(kind, count);
  }
}

async function measure(kind: keyof typeof KINDS, count: number): Promise<void> {
  const home = await mkdtemp(join(tmpdir(), "assetmill-bench-"));
  const roots = new Map(Array.from({ length: count }, (_, i) => [KINDS[kind](i), 1] as const));
  const mill = await createAssetmill({
    assets: new SyntheticTrees(roots),
    store: `sqlite:${join(home, "jobs.sqlite")}`,
    plugins: [{ name: "nothing", version: "1", process: () => undefined }],
    builtIns: false,
    throttle: false,
    autoStart: false,
  });
  try {
    const took: number[] = [];
    for (let i = 0; i < count; i++) {
      const began = performance.now();
      await mill.operator.start({ path: KINDS[kind](i), type: "ASSET_PROCESSING", onOverlap: "queue" }, "bench");
      took.push(performance.now() - began);
    }
    const start = took.slice(-TIMED).sort((a, b) => a - b)[Math.floor(Math.min(TIMED, count) / 2)] ?? 0;
    const rate = await rateOf(mill, Math.min(ENDED, count));
    say(`${count} jobs, ${kind}: a start takes ${start.toFixed(1)} ms, ${rate.toFixed(1)} jobs/s end`);
  } finally {
    await mill.close();
    await rm(home, { recursive: true, force: true });
  }
}

/** Lets the mill work until so many jobs have ended. */
async function rateOf(mill: Assetmill, jobs: number): Promise<number> {
  const began = performance.now();
  const cpu = process.cpuUsage();
  mill.start();
  for (;;) {
    const ended = (await mill.operator.history({ status: "SUCCESS", limit: 1_000 })).jobs.length;
    const seconds = (performance.now() - began) / 1_000;
    if (ended >= jobs) {
      const { user, system } = process.cpuUsage(cpu);
      say(`  ${((user + system) / 1e4 / seconds).toFixed(0)} % of a core while it ran`);
      return ended / seconds;
    }
    if (seconds * 1_000 > LIMIT_MS) return ended / seconds;
    await sleep(50);
  }
}
