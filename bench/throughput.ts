import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type AssetmillOptions, createAssetmill } from "../src/index.js";
import { makeRows, outcomeLoop } from "./outcome-loop.js";
import { SyntheticRepository } from "./synthetic-repository.js";

const ROUNDS = 3;
const noop = { name: "noop", version: "1", process: async () => {} };

/** Start to SUCCESS of no-op assets, beside the loop with outcome rows, turn by turn in one run. */
export async function runThroughput(args: readonly string[]): Promise<void> {
  const count = Number(args[0] ?? 100_000);
  const folder = await mkdtemp(join(tmpdir(), "assetmill-bench-"));
  const loop: number[] = [];
  const mill: number[] = [];
  try {
    for (let round = 0; round < ROUNDS; round++) {
      const rows = join(folder, `rows-${round}.sqlite`);
      await makeRows(rows, count);
      loop.push(await rate(count, () => outcomeLoop(rows, async () => {})));
      await rm(rows, { force: true });
      const store = join(folder, `store-${round}.sqlite`);
      mill.push(await millRate(count, { assets: new SyntheticRepository(count), store: `sqlite:${store}` }));
      await rm(store, { force: true });
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  print(`loop with outcome rows, ${count} rows of SQLite, FULL`, loop);
  print(`assetmill, ${count} assets, start to SUCCESS, FULL`, mill);
  line(`ratio of the medians: ${(median(mill) / median(loop)).toFixed(2)}`);
  line(`peak RSS of this process: ${Math.round(process.resourceUsage().maxRSS / 1024)} MB`);
}

async function millRate(count: number, options: AssetmillOptions): Promise<number> {
  const mill = await createAssetmill({ ...options, plugins: [noop], builtIns: false });
  try {
    return await rate(count, async () => {
      const { processingId } = await mill.operator.start({ path: "/content/dam", type: "ASSET_PROCESSING" }, "bench");
      for (;;) {
        const { status, processedCount } = await mill.operator.status(processingId);
        if (status === "SUCCESS") return processedCount;
        if (status !== "WAITING" && status !== "PROCESSING") throw new Error(`the job ended as ${status}`);
        await sleep(10);
      }
    });
  } finally {
    await mill.close();
  }
}

/** Thousands a second; fails where not all were handled. */
async function rate(count: number, work: () => Promise<number>): Promise<number> {
  const started = performance.now();
  const handled = await work();
  if (handled !== count) throw new Error(`${handled} of ${count} were handled`);
  return count / (performance.now() - started);
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;

const line = (text: string): void => void process.stdout.write(`${text}\n`);

const print = (what: string, rates: readonly number[]): void =>
  line(`${what}: ${median(rates).toFixed(1)} k/s (${rates.map((value) => value.toFixed(1)).join(", ")})`);
