import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type AssetmillOptions, createAssetmill } from "../src/index.js";
import { makeRows, outcomeLoop } from "./outcome-loop.js";
import { SyntheticRepository } from "./synthetic-repository.js";

const ROUNDS = 5;
/** Assets of a first round that does not count: both then run compiled code. */
const WARM_UP = 50_000;
const noop = { name: "noop", version: "1", process: async () => {} };

/** Start to SUCCESS of no-op assets, beside the loop with outcome rows, turn by turn in one run. */
export async function runThroughput(args: readonly string[]): Promise<void> {
  const count = Number(args[0] ?? 100_000);
  if (!Number.isInteger(count) || count < 1) throw new Error(`not a number of assets: ${args[0]}`);
  const folder = await mkdtemp(join(tmpdir(), "assetmill-bench-"));
  const loop: number[] = [];
  const mill: number[] = [];
  try {
    await round(folder, WARM_UP);
    for (let i = 0; i < ROUNDS; i++) {
      const rates = await round(folder, count);
      loop.push(rates.loop);
      mill.push(rates.mill);
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  print(`loop with outcome rows, ${count} rows of SQLite, FULL`, loop);
  print(`assetmill, ${count} assets, start to SUCCESS, FULL`, mill);
  line(`ratio of the medians: ${(median(mill) / median(loop)).toFixed(2)}`);
  line(`peak RSS of this process: ${Math.round(process.resourceUsage().maxRSS / 1024)} MB`);
}

/** Both once, on files of their own. */
async function round(folder: string, count: number): Promise<{ loop: number; mill: number }> {
  const files = await mkdtemp(join(folder, "round-"));
  const rows = join(files, "rows.sqlite");
  await makeRows(rows, count);
  const loop = await rate(count, () => outcomeLoop(rows, async () => {}));
  const store = `sqlite:${join(files, "store.sqlite")}`;
  const mill = await millRate(count, { assets: new SyntheticRepository(count), store });
  await rm(files, { recursive: true });
  return { loop, mill };
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
        await sleep(20);
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
