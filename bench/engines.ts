import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PostgresDatabase, type SqlDatabase, SqliteDatabase } from "../src/adapters/sql/index.js";
import { SCHEMA } from "../src/composition/databases.js";
import { insertAssets } from "../test/support/million-assets.js";
import { startPostgres } from "../test/support/postgres-server.js";
import type { Task } from "./contender.js";
import { type LoopDatabase, openPostgres, openSqlite } from "./loop-database.js";
import { makeRows } from "./outcome-loop.js";

/** A database engine that provides a separate database or schema for each run. */
export interface Engine {
  /** With its version. */
  readonly name: string;
  /** Makes rows as the hand-written loop and Spring Batch read them. */
  makeRows(place: string, count: number): Promise<Task>;
  /** Where Spring Batch finds these rows. */
  jdbcUrl(place: string): string;
  /** An empty database for jobs. */
  jobs(place: string, count: number): Task;
  /** Makes a database that holds assets. */
  makeAssets(place: string, count: number): Promise<Task>;
  /** Deletes databases or schemas. */
  remove(...places: readonly string[]): Promise<void>;
  stop(): Promise<void>;
}

export async function sqlite(): Promise<Engine> {
  const folder = await mkdtemp(join(tmpdir(), "assetmill-bench-"));
  const file = (place: string): string => join(folder, `${place}.sqlite`);
  const uri = (place: string): string => `sqlite:${file(place)}`;
  return {
    name: "SQLite, synchronous=FULL",
    makeRows: async (place, count) => {
      await filled(await openSqlite(file(place)), count);
      return { count, place: file(place) };
    },
    jdbcUrl: (place) => `jdbc:sqlite:${file(place)}?journal_mode=WAL&synchronous=FULL`,
    jobs: (place, count) => ({ count, place: uri(place) }),
    makeAssets: async (place, count) => {
      await withAssets(await SqliteDatabase.open({ file: file(place), ...SCHEMA }), count);
      return { count, place: uri(place) };
    },
    remove: async (...places) => {
      for (const place of places) for (const end of ["", "-wal", "-shm"]) await rm(file(place) + end, { force: true });
    },
    stop: () => rm(folder, { recursive: true, force: true }),
  };
}

async function postgres(): Promise<Engine> {
  const server = await startPostgres();
  const [{ server_version: version }] = (await server.query("show server_version")) as [{ server_version: string }];
  const uri = (place: string): string => `${server.url}?schema=${place}`;
  return {
    name: `PostgreSQL ${version}`,
    makeRows: async (place, count) => {
      await server.query(`create schema ${place}`);
      await filled(await openPostgres(server.url, place), count);
      return { count, place: server.url, schema: place };
    },
    jdbcUrl: (place) =>
      `jdbc:${server.url.replace("postgres:", "postgresql:").replace("postgres@", "")}?user=postgres&currentSchema=${place}`,
    jobs: (place, count) => ({ count, place: uri(place) }),
    makeAssets: async (place, count) => {
      await withAssets(await PostgresDatabase.open({ url: server.url, schema: place, poolSize: 4, ...SCHEMA }), count);
      return { count, place: uri(place) };
    },
    remove: async (...places) => {
      for (const place of places) await server.query(`drop schema if exists ${place} cascade`);
    },
    stop: () => server.stop(),
  };
}

export const ENGINES: Readonly<Record<string, () => Promise<Engine>>> = { sqlite, postgres };

async function filled(db: LoopDatabase, count: number): Promise<void> {
  await makeRows(db, count);
  await db.close();
}

async function withAssets(database: SqlDatabase, count: number): Promise<void> {
  await insertAssets(database, count);
  await database.close();
}
