import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AssetResults } from "../src/adapters/sql/asset-results.js";
import {
  PostgresDatabase,
  type SqlDatabase,
  SqliteDatabase,
  type SqliteDriverName,
} from "../src/adapters/sql/index.js";
import { SCHEMA } from "../src/composition/databases.js";
import type { AssetWrite } from "../src/core/asset/asset-result.js";
import { startPostgres } from "../test/support/postgres-server.js";
import { type LoopDatabase, openPostgres, openSqlite } from "./loop-database.js";
import { SyntheticRepository } from "./synthetic-repository.js";

const ROUNDS = 5;
/** Assets a transaction, in ours and in the loop's. */
const PER_COMMIT = 2_500;
const KINDS = ["plain", "dita"] as const;
type Kind = (typeof KINDS)[number];

/** Where a round's tables are made. */
interface Place {
  readonly loop: LoopDatabase;
  readonly database: SqlDatabase;
  /** Bytes of the whole database or schema of ours. */
  bytes(): Promise<number>;
  remove(): Promise<void>;
}

interface Engine {
  readonly name: string;
  open(place: string): Promise<Place>;
  stop(): Promise<void>;
}

async function sqlite(driver: SqliteDriverName): Promise<Engine> {
  const folder = await mkdtemp(join(tmpdir(), "assetmill-bench-"));
  return {
    name: `SQLite, FULL, ${driver}`,
    open: async (place) => {
      const files = [join(folder, `${place}-loop.sqlite`), join(folder, `${place}.sqlite`)] as const;
      const loop = await openSqlite(files[0]);
      const database = await SqliteDatabase.open({ file: files[1], driver, ...SCHEMA });
      return {
        loop,
        database,
        bytes: async () => {
          const [row] = await database.read(
            "select (select page_count from pragma_page_count) * (select page_size from pragma_page_size) as bytes",
          );
          return Number(row?.bytes);
        },
        remove: async () => {
          await loop.close();
          await database.close();
          for (const file of files) for (const end of ["", "-wal", "-shm"]) await rm(file + end, { force: true });
        },
      };
    },
    stop: () => rm(folder, { recursive: true, force: true }),
  };
}

async function postgres(): Promise<Engine> {
  const server = await startPostgres();
  return {
    name: "PostgreSQL",
    open: async (place) => {
      await server.query(`create schema ${place}_loop`);
      const loop = await openPostgres(server.url, `${place}_loop`);
      const database = await PostgresDatabase.open({ url: server.url, schema: place, poolSize: 2, ...SCHEMA });
      return {
        loop,
        database,
        bytes: async () => {
          const rows = await server.query(
            `select sum(pg_total_relation_size(c.oid))::float8 as bytes from pg_class c
             join pg_namespace n on n.oid = c.relnamespace where n.nspname = $1 and c.relkind = 'r'`,
            [place],
          );
          return (rows as readonly { readonly bytes: number }[])[0]?.bytes ?? 0;
        },
        remove: async () => {
          await loop.close();
          await database.close();
          for (const schema of [place, `${place}_loop`]) await server.query(`drop schema ${schema} cascade`);
        },
      };
    },
    stop: () => server.stop(),
  };
}

const ENGINES: Readonly<Record<string, () => Promise<Engine>>> = {
  sqlite: () => sqlite("better-sqlite3"),
  sqlite3: () => sqlite("sqlite3"),
  postgres,
};

const HANDLERS = Object.freeze({ noop: "1" });
const BASIS = Object.freeze({ others: Object.freeze({}) });
const NONE = Object.freeze({});
const HASH = `sha256:${"0123456789abcdef".repeat(4)}`;

/** A write as the engine makes it for a handler that returns nothing. */
const plain = (i: number, jobId: string): AssetWrite => ({
  path: SyntheticRepository.path(i),
  properties: NONE,
  references: NONE,
  stamp: { sizeBytes: 4096, modifiedMs: 1_700_000_000_000 + i, contentHash: null, handlers: HANDLERS, basis: BASIS },
  jobId,
});

/** A write as the engine makes it for a topic: 8 properties, 10 references to topics that exist. */
function dita(i: number, jobId: string): AssetWrite {
  const targets = Array.from({ length: 10 }, (_, j) => SyntheticRepository.path(i - (i % 10) + j));
  return {
    path: SyntheticRepository.path(i),
    properties: {
      title: `Topic ${i}`,
      shortdesc: "What the topic is about, in a sentence of ordinary length.",
      language: "en",
      rootElement: "concept",
      topicId: `topic-${i}`,
      ids: ["intro", "steps", "result"],
      hasTitle: true,
      words: 420,
    },
    references: {
      dita: targets.map((target) => ({ kind: "topic", target, external: false, scope: "local", fragment: "intro" })),
    },
    stamp: {
      sizeBytes: 4096,
      modifiedMs: 1_700_000_000_000 + i,
      contentHash: HASH,
      handlers: HANDLERS,
      basis: { changedMs: 1_700_000_000_000 + i, others: Object.fromEntries(targets.map((target) => [target, true])) },
    },
    jobId,
  };
}

const WRITES: Readonly<Record<Kind, typeof plain>> = { plain, dita };

/** Thousands of assets a second; bytes a row of ours. */
interface Round {
  readonly loop: number;
  readonly first: number;
  readonly again: number;
  readonly read: number;
  readonly bytes: number;
}

/**
 * `npm run bench -- stamps [COUNT] [sqlite|sqlite3|postgres]`: the statement that writes the results of a commit's assets,
 * alternating in one run with the loop's statement that inserts an outcome row for each. Stamps alone, and results like
 * those of DITA topics; where none are stored yet, over those of an earlier job, and reading them by path.
 */
export async function runStamps([number = "100000", name = "sqlite"]: readonly string[]): Promise<void> {
  const count = Number(number);
  const open = Object.hasOwn(ENGINES, name) ? ENGINES[name] : undefined;
  if (!Number.isInteger(count) || count < PER_COMMIT || !open) {
    process.stderr.write(`npm run bench -- stamps [COUNT from ${PER_COMMIT}] [${Object.keys(ENGINES).join("|")}]\n`);
    process.exitCode = 2;
    return;
  }
  const engine = await open();
  const rounds: Record<Kind, Round[]> = { plain: [], dita: [] };
  try {
    for (let i = 0; i <= ROUNDS; i++) {
      for (const kind of KINDS) {
        const measured = await round(engine, kind, kind === "plain" ? count : Math.ceil(count / 10), `r${i}_${kind}`);
        // The first round warms up.
        if (i > 0) rounds[kind].push(measured);
      }
    }
  } finally {
    await engine.stop();
  }
  for (const kind of KINDS) {
    const all = rounds[kind];
    const loop = median(all.map((one) => one.loop));
    line(`${kind}, ${engine.name}: loop's outcome rows ${loop.toFixed(0)} k/s; ${bytesOf(all)} bytes a row of ours`);
    for (const what of ["first", "again", "read"] as const) {
      const rates = all.map((one) => one[what]);
      const shown = rates.map((value) => value.toFixed(0)).join(", ");
      line(`  ${what}: ${median(rates).toFixed(0)} k/s (${shown}), ${(median(rates) / loop).toFixed(2)} of the loop's`);
    }
  }
}

async function round(engine: Engine, kind: Kind, count: number, name: string): Promise<Round> {
  const { loop, database, ...place } = await engine.open(name);
  try {
    await loop.all("create table outcome (asset_id integer primary key, path text, status text, at bigint)");
    const looped = await rate(count, async (from, to) => {
      const rows = Array.from({ length: to - from }, (_, j) => [from + j, SyntheticRepository.path(from + j)]);
      await loop.all("begin");
      await loop.all(loop.insertOutcomes, [Date.now(), JSON.stringify(rows)]);
      await loop.all("commit");
    });
    const empty = await place.bytes();
    const results = new AssetResults(database, "bench:");
    const write = (jobId: string) => (from: number, to: number) => {
      const writes = Array.from({ length: to - from }, (_, j) => WRITES[kind](from + j, jobId));
      return database.write((tx) => results.write(tx, writes));
    };
    const first = await rate(count, write("6b1f3b54-3a5f-4b3e-9d4f-0c8a5a2e7e11"));
    const bytes = ((await place.bytes()) - empty) / count;
    const again = await rate(count, write("0b9c6e0a-6f0e-4a39-8f39-3f0f4e6cbb52"));
    const read = await rate(count, async (from, to) => {
      const paths = Array.from({ length: to - from }, (_, j) => SyntheticRepository.path(from + j));
      const found = await results.read(paths);
      if (!found.every((one, j) => one?.path === paths[j])) throw new Error("a result is missing");
    });
    return { loop: looped, first, again, read, bytes };
  } finally {
    await place.remove();
  }
}

/** Returns thousands per second. */
async function rate(count: number, work: (from: number, to: number) => Promise<void>): Promise<number> {
  const started = performance.now();
  for (let i = 0; i < count; i += PER_COMMIT) await work(i, Math.min(i + PER_COMMIT, count));
  return count / (performance.now() - started);
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;

const bytesOf = (all: readonly Round[]): number => Math.round(median(all.map((one) => one.bytes)));

const line = (text: string): void => void process.stdout.write(`${text}\n`);
