import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { PostgresDatabase, type SqlDatabase, SqliteDatabase } from "../src/adapters/sql/index.js";
import { SCHEMA } from "../src/composition/databases.js";
import { type AssetmillOptions, createAssetmill } from "../src/index.js";
import { BIG, insertAssets } from "../test/support/million-assets.js";
import { startPostgres } from "../test/support/postgres-server.js";
import { type LoopDatabase, openPostgres, openSqlite } from "./loop-database.js";
import { makeRows, outcomeLoop } from "./outcome-loop.js";
import { SyntheticRepository } from "./synthetic-repository.js";

const ROUNDS = 5;
/** Assets of a warm-up round that does not count. */
const WARM_UP = 50_000;
/** Limit of what one statement of the test support can insert. */
const MOST = 1_000_000;
const noop = { name: "noop", version: "1", process: async () => {} };

/** Provides a separate database or schema per round. */
interface Engine {
  readonly name: string;
  loopDatabase(place: string): Promise<LoopDatabase>;
  database(place: string): Promise<SqlDatabase>;
  uri(place: string): string;
  /** Deletes a round's databases or schemas. */
  remove(...places: readonly string[]): Promise<void>;
  stop(): Promise<void>;
}

async function sqlite(): Promise<Engine> {
  const folder = await mkdtemp(join(tmpdir(), "assetmill-bench-"));
  const file = (place: string): string => join(folder, `${place}.sqlite`);
  return {
    name: "SQLite, FULL",
    loopDatabase: (place) => openSqlite(file(place)),
    database: (place) => SqliteDatabase.open({ file: file(place), ...SCHEMA }),
    uri: (place) => `sqlite:${file(place)}`,
    remove: async (...places) => {
      for (const place of places) for (const end of ["", "-wal", "-shm"]) await rm(file(place) + end, { force: true });
    },
    stop: () => rm(folder, { recursive: true, force: true }),
  };
}

async function postgres(): Promise<Engine> {
  const server = await startPostgres();
  return {
    name: "PostgreSQL",
    loopDatabase: async (place) => {
      await server.query(`create schema ${place}`);
      return openPostgres(server.url, place);
    },
    database: (place) => PostgresDatabase.open({ url: server.url, schema: place, poolSize: 4, ...SCHEMA }),
    uri: (place) => `${server.url}?schema=${place}`,
    remove: async (...places) => {
      for (const place of places) await server.query(`drop schema if exists ${place} cascade`);
    },
    stop: () => server.stop(),
  };
}

const ENGINES: Readonly<Record<string, () => Promise<Engine>>> = { sqlite, postgres };

type Rates = readonly [loop: number, synthetic: number, stored: number];

/**
 * `npm run bench -- throughput [COUNT] [sqlite|postgres]`: measures no-op assets from start to SUCCESS, alternating in
 * one run with the loop that writes outcome rows. Measures synthetic assets, and assets stored in the jobs' database,
 * whose stamps are written in the transaction of their outcomes.
 */
export async function runThroughput([number = "100000", name = "sqlite"]: readonly string[]): Promise<void> {
  const count = Number(number);
  const open = Object.hasOwn(ENGINES, name) ? ENGINES[name] : undefined;
  if (!Number.isInteger(count) || count < 1 || count > MOST || !open) {
    process.stderr.write(`npm run bench -- throughput [1..${MOST}] [${Object.keys(ENGINES).join("|")}]\n`);
    process.exitCode = 2;
    return;
  }
  const engine = await open();
  const all: Rates[] = [];
  try {
    await round(engine, Math.min(count, WARM_UP), "warm");
    for (let i = 0; i < ROUNDS; i++) all.push(await round(engine, count, `r${i}`));
  } finally {
    await engine.stop();
  }
  const loop = all.map((rates) => rates[0]);
  print(`loop with outcome rows, ${count} rows of ${engine.name}`, loop, loop);
  print(
    `assetmill, ${count} assets, jobs in ${engine.name}`,
    all.map((rates) => rates[1]),
    loop,
  );
  print(
    `assetmill, ${count} assets and jobs in ${engine.name}`,
    all.map((rates) => rates[2]),
    loop,
  );
  line(`peak RSS of this process: ${Math.round(process.resourceUsage().maxRSS / 1024)} MB`);
}

/** Runs each of them once, in a database or schema of its own. */
async function round(engine: Engine, count: number, at: string): Promise<Rates> {
  const [rows, jobs, stored] = [`${at}_rows`, `${at}_jobs`, `${at}_stored`];
  const db = await engine.loopDatabase(rows);
  await makeRows(db, count);
  const loop = await rate(count, () => outcomeLoop(db, async () => {}));
  await db.close();
  const made = await engine.database(stored);
  await insertAssets(made, count);
  await made.close();
  const rates = [
    loop,
    await millRate(count, "/content/dam", { assets: new SyntheticRepository(count), store: engine.uri(jobs) }),
    await millRate(count, BIG, { assets: engine.uri(stored) }),
  ] as const;
  await engine.remove(rows, jobs, stored);
  return rates;
}

async function millRate(count: number, path: string, options: AssetmillOptions): Promise<number> {
  const mill = await createAssetmill({ ...options, plugins: [noop], builtIns: false });
  try {
    return await rate(count, async () => {
      const { processingId } = await mill.operator.start({ path, type: "ASSET_PROCESSING" }, "bench");
      for (;;) {
        const { status, processedCount } = await mill.operator.status(processingId);
        if (status === "SUCCESS") return processedCount;
        if (status !== "WAITING" && status !== "PROCESSING") throw new Error(`the job ended with status ${status}`);
        await sleep(20);
      }
    });
  } finally {
    await mill.close();
  }
}

/** Returns thousands per second; throws if not all assets were handled. */
async function rate(count: number, work: () => Promise<number>): Promise<number> {
  const started = performance.now();
  const handled = await work();
  if (handled !== count) throw new Error(`only ${handled} of ${count} assets were handled`);
  return count / (performance.now() - started);
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;

const line = (text: string): void => void process.stdout.write(`${text}\n`);

const print = (what: string, rates: readonly number[], loop: readonly number[]): void =>
  line(
    `${what}: ${median(rates).toFixed(1)} k/s (${rates.map((value) => value.toFixed(1)).join(", ")}), ` +
      `${(median(rates) / median(loop)).toFixed(2)} of the loop`,
  );
