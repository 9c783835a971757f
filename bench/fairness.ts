import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Assetmill, createAssetmill } from "../src/index.js";
import { figure, grouped, median } from "./figures.js";
import { SyntheticTrees } from "./synthetic-trees.js";

const ROUNDS = 3;
/** What the handler waits for with each asset, as for a remote service. */
const ASSET_MS = 5;
const SMALL = 500;
const CROWD = 50;
/** How long the big job runs before the small one starts. */
const AHEAD_MS = 2_000;
const LIMIT_MS = 300_000;

const say = (line: string): void => void process.stdout.write(`${line}\n`);
const ms = (value: number): string => `${value.toFixed(0)} ms`;

/**
 * `npm run bench -- fairness [ASSETS]`: measures how long a job of 500 assets takes alone and beside a big job of equal
 * and of lower priority, when each of 50 jobs started together gets its first outcome, and the big job's rate alone.
 */
export async function runFairness([assets = "20000"]: readonly string[]): Promise<void> {
  const big = Number(assets);
  const times = { alone: [] as number[], urgent: [] as number[], equal: [] as number[] };
  for (let i = 0; i < ROUNDS; i++) {
    const alone = await withMill((mill) => timeOf(mill, "small", 5));
    const urgent = await withMill((mill) => besideBig(mill, 0));
    const equal = await withMill((mill) => besideBig(mill, 5));
    say(
      `${SMALL} assets: alone ${ms(alone)}; beside ${big}: priority 0 ${ms(urgent)} = ${(urgent / alone).toFixed(1)} x, ` +
        `equal priority ${ms(equal)} = ${(equal / alone).toFixed(1)} x`,
    );
    times.alone.push(alone);
    times.urgent.push(urgent);
    times.equal.push(equal);
    const took = await withMill((mill) => timeOf(mill, "big", 5));
    say(`${big} assets alone: ${((big * 1_000) / took).toFixed(0)} assets/s`);
    const [first, last] = await withMill(firstOutcomes);
    say(`${CROWD} jobs of ${SMALL}: first outcome of the first after ${ms(first)}, of the last after ${ms(last)}`);
  }
  for (const [name, list, atMost] of [
    [`A job of ${SMALL} assets with priority 0 beside one of ${grouped(big)}`, times.urgent, 2],
    [`A job of ${SMALL} assets beside one of ${grouped(big)} with the same priority`, times.equal, 3],
  ] as const) {
    const [own, alone] = [median(list), median(times.alone)];
    figure({ name, ours: ms(own), peer: `itself alone: ${ms(alone)}`, value: own / alone, goal: { atMost } });
  }

  async function withMill<T>(work: (mill: Assetmill) => Promise<T>): Promise<T> {
    const home = await mkdtemp(join(tmpdir(), "assetmill-bench-"));
    const roots = [["/big", big] as const, ["/small", SMALL] as const];
    const crowd = Array.from({ length: CROWD }, (_, i) => [`/crowd-${i}`, SMALL] as const);
    const mill = await createAssetmill({
      assets: new SyntheticTrees(new Map([...roots, ...crowd])),
      store: `sqlite:${join(home, "jobs.sqlite")}`,
      plugins: [{ name: "waits", version: "1", process: () => sleep(ASSET_MS) }],
      builtIns: false,
      throttle: false,
    });
    try {
      return await work(mill);
    } finally {
      await mill.close();
      await rm(home, { recursive: true, force: true });
    }
  }
}

async function begin(mill: Assetmill, root: string, priority: number): Promise<string> {
  const { processingId } = await mill.operator.start({ path: `/${root}`, type: "ASSET_PROCESSING", priority }, "bench");
  return processingId;
}

/** Returns the time from start to SUCCESS. */
async function timeOf(mill: Assetmill, root: string, priority: number): Promise<number> {
  const began = performance.now();
  const id = await begin(mill, root, priority);
  await until(async () => {
    const { status } = await mill.operator.status(id);
    if (status !== "WAITING" && status !== "PROCESSING" && status !== "SUCCESS") throw new Error(`ended as ${status}`);
    return status === "SUCCESS";
  });
  return performance.now() - began;
}

async function besideBig(mill: Assetmill, priority: number): Promise<number> {
  const id = await begin(mill, "big", 5);
  await sleep(AHEAD_MS);
  const took = await timeOf(mill, "small", priority);
  const { status } = await mill.operator.status(id);
  if (status !== "PROCESSING") say(`the big job was no longer at work, but ${status}`);
  return took;
}

/** Starts the crowd at once. Returns when the first and the last of them had an outcome. */
async function firstOutcomes(mill: Assetmill): Promise<readonly [first: number, last: number]> {
  const began = performance.now();
  const waiting = new Set<string>();
  for (let i = 0; i < CROWD; i++) waiting.add(await begin(mill, `crowd-${i}`, 5));
  const at: number[] = [];
  await until(async () => {
    for (const id of waiting) {
      if ((await mill.operator.status(id)).processedCount === 0) continue;
      waiting.delete(id);
      at.push(performance.now() - began);
    }
    return waiting.size === 0;
  });
  return [Math.min(...at), Math.max(...at)];
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  for (const endMs = performance.now() + LIMIT_MS; !(await isSo());) {
    if (performance.now() > endMs) throw new Error(`not within ${LIMIT_MS} ms`);
    await sleep(10);
  }
}
