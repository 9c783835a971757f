import type { QueryRunner } from "typeorm";
import { invalidParameter } from "../../core/errors.js";
import type { SqlDialect } from "./sql-dialect.js";
import type { Row } from "./sql-database.js";
import type { SqlText } from "./sql-text.js";
import { rowsOf } from "./statements.js";

/** Tools passed to a migration. */
export interface MigrationTools {
  readonly dialect: SqlDialect;
  /** Runs SQL in the notation of `SqlText`. */
  readonly query: (sql: string, parameters?: readonly unknown[]) => Promise<readonly Row[]>;
}

/** One schema change, for all database engines. */
export interface Migration {
  /** Purpose and timestamp. Must never change: databases record it. */
  readonly name: string;
  up(tools: MigrationTools): Promise<void>;
}

const timestampOf = ({ name }: Migration): number => Number(/\d+$/.exec(name)?.[0] ?? 0);

/**
 * Runs the pending migrations and records them in a table of our own, apart from the host's migrations. Must be called in
 * a transaction that excludes other migrations.
 */
export async function migrate(
  runner: QueryRunner,
  text: SqlText,
  dialect: SqlDialect,
  migrations: readonly Migration[],
): Promise<void> {
  const query = (sql: string, parameters: readonly unknown[] = []) => rowsOf(runner, text.compile(sql), parameters);
  await query(`create table if not exists {migration} (
    id ${dialect.ddl.autoincrement}, "timestamp" bigint not null, name varchar not null)`);
  const done = await doneOf(runner, text);
  for (const migration of migrations) {
    if (done.includes(migration.name)) continue;
    await migration.up({ dialect, query });
    await query(`insert into {migration} ("timestamp", name) values (?, ?)`, [timestampOf(migration), migration.name]);
  }
}

/** Returns whether the database has our tables, of whatever version. */
export async function hasTables(runner: QueryRunner, text: SqlText, dialect: SqlDialect): Promise<boolean> {
  const exists =
    dialect.name === "sqlite"
      ? "select 1 from sqlite_master where type = 'table' and name = ?"
      : "select 1 where to_regclass(?) is not null";
  const table = dialect.name === "sqlite" ? `${text.prefix}migration` : text.table("migration");
  return (await rowsOf(runner, text.compile(exists), [table])).length > 0;
}

/** Returns whether no migration is pending; false for a database without our tables. Throws if the schema is newer than this program. */
export async function isUpToDate(
  runner: QueryRunner,
  text: SqlText,
  dialect: SqlDialect,
  migrations: readonly Migration[],
): Promise<boolean> {
  const known = migrations.map(({ name }) => name);
  if (!(await hasTables(runner, text, dialect))) return false;
  const done = await doneOf(runner, text);
  const newest = done.filter((name) => !known.includes(name)).at(-1);
  if (newest !== undefined) {
    const message = `the database's schema (${newest}) is newer than this program's (${known.at(-1)}); upgrade assetmill`;
    throw invalidParameter("store", message);
  }
  return done.length === known.length;
}

async function doneOf(runner: QueryRunner, text: SqlText): Promise<readonly string[]> {
  const rows = await rowsOf(runner, text.compile(`select name from {migration} order by "timestamp"`), []);
  return rows.map(({ name }) => String(name));
}
