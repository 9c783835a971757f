import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { SQLITE_DRIVERS, SqliteDatabase, type SqliteDriverName } from "../src/adapters/sql/index.js";
import { SCHEMA } from "../src/composition/databases.js";
import { type AssetmillOptions, createAssetmill } from "../src/index.js";
import { BIG, insertAssets } from "../test/support/million-assets.js";
import { SyntheticRepository } from "./synthetic-repository.js";

const ROUNDS = 5;
const noop = { name: "noop", version: "1", process: async () => {} };
const say = (line: string): void => void process.stdout.write(`${line}\n`);

/** Thousands of assets per second, and event loop delay in milliseconds. */
interface Figures {
  readonly rate: number;
  readonly p50: number;
  readonly p99: number;
  readonly most: number;
}

/**
 * `npm run bench -- drivers [COUNT]`: measures each SQLite driver, alternating in one run: no-op assets at full speed,
 * synthetic ones and ones stored in the jobs' database, and how far they delay the event loop meanwhile.
 */
export async function runDrivers([number = "100000"]: readonly string[]): Promise<void> {
  const count = Number(number);
  if (!Number.isInteger(count) || count < 1 || count > 1_000_000) {
    process.stderr.write("npm run bench -- drivers [1..1000000]\n");
    process.exitCode = 2;
    return;
  }
  const home = await mkdtemp(join(tmpdir(), "assetmill-bench-"));
  const all = new Map<string, Figures[]>();
  try {
    for (let round = -1; round < ROUNDS; round++) {
      for (const driver of SQLITE_DRIVERS) {
        for (const [what, figures] of await measureDriver(join(home, `${round}-${driver}`), driver, count)) {
          // The first round warms up.
          if (round >= 0) all.set(what, [...(all.get(what) ?? []), figures]);
        }
      }
    }
  } finally {
    await rm(home, { recursive: true, force: true });
  }
  const median = (list: readonly Figures[], figure: keyof Figures): number =>
    list.map((one) => one[figure]).sort((a, b) => a - b)[list.length >> 1] ?? 0;
  for (const [what, list] of all) {
    const [rate, p50, p99, most] = (["rate", "p50", "p99", "most"] as const).map((figure) => median(list, figure));
    say(
      `${what}: ${rate?.toFixed(1)} k/s; event loop delay ${p50?.toFixed(1)} ms (median), ${p99?.toFixed(1)} ms (p99), ` +
        `${most?.toFixed(0)} ms (most); medians of ${list.length} rounds`,
    );
  }
}

async function measureDriver(home: string, driver: SqliteDriverName, count: number): Promise<[string, Figures][]> {
  const [jobs, stored] = [`${home}-jobs.sqlite`, `${home}-stored.sqlite`];
  const database = await SqliteDatabase.open({ file: stored, driver, ...SCHEMA });
  await insertAssets(database, count);
  await database.close();
  const uri = (file: string): string => `sqlite:${file}?driver=${driver}`;
  const synthetic = { assets: new SyntheticRepository(count), store: uri(jobs) };
  const figures: [string, Figures][] = [
    [`${driver}, ${count} synthetic assets`, await measureMill(count, "/content/dam", synthetic)],
    [`${driver}, ${count} assets in the database`, await measureMill(count, BIG, { assets: uri(stored) })],
  ];
  for (const file of [jobs, stored]) for (const end of ["", "-wal", "-shm"]) await rm(file + end, { force: true });
  return figures;
}

async function measureMill(count: number, path: string, options: AssetmillOptions): Promise<Figures> {
  const mill = await createAssetmill({ ...options, plugins: [noop], builtIns: false, throttle: false });
  const delay = monitorEventLoopDelay({ resolution: 1 });
  try {
    const began = performance.now();
    delay.enable();
    const { processingId } = await mill.operator.start({ path, type: "ASSET_PROCESSING" }, "bench");
    for (;;) {
      const { status, processedCount } = await mill.operator.status(processingId);
      if (status === "SUCCESS" && processedCount === count) break;
      if (status !== "WAITING" && status !== "PROCESSING") throw new Error(`the job ended with ${status}`);
      await sleep(20);
    }
    delay.disable();
    const [p50, p99, most] = [delay.percentile(50), delay.percentile(99), delay.max].map((ns) => ns / 1e6);
    return { rate: count / (performance.now() - began), p50: p50 ?? 0, p99: p99 ?? 0, most: most ?? 0 };
  } finally {
    await mill.close();
  }
}
