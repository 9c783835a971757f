import { mkdir, realpath } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { DataSource, type EntityManager, type MigrationInterface, type QueryRunner } from "typeorm";
import { AssetmillError } from "../../core/errors.js";
import { FilePlace } from "./file-place.js";
import { FileTurns } from "./file-turns.js";
import type { Row, SqlDatabase, SqlTransaction } from "./sql-database.js";
import { sqlError } from "./sql-errors.js";
import { loadSqliteDriver } from "./sqlite-driver.js";

export interface SqliteOptions {
  /** Made where it is missing, its folder too. */
  readonly file: string;
  readonly entities: readonly (new () => object)[];
  /** In order. */
  readonly migrations: readonly (new () => MigrationInterface)[];
  /** How long a writer waits for another process. @defaultValue 30,000 */
  readonly busyTimeoutMs?: number;
}

const MIGRATIONS_TABLE = "assetmill_migration";
const NOW = "cast(unixepoch('subsec') * 1000 as integer)";

/** The file with its folder's real path, so that one database has one name. The file itself need not exist. */
export async function realFile(file: string): Promise<string> {
  const path = resolve(file);
  await mkdir(dirname(path), { recursive: true });
  return join(await realpath(dirname(path)), basename(path));
}

/**
 * A SQLite file in WAL mode with `synchronous=FULL`: what is committed survives power loss. One connection writes, in
 * `BEGIN IMMEDIATE` transactions one after the other; a second one reads.
 */
export class SqliteDatabase implements SqlDatabase {
  readonly #writer: DataSource;
  readonly #reader: DataSource;
  readonly #turns: FileTurns;
  readonly #place: FilePlace;
  readonly now = NOW;

  private constructor(writer: DataSource, reader: DataSource, turns: FileTurns, place: FilePlace) {
    this.#writer = writer;
    this.#reader = reader;
    this.#turns = turns;
    this.#place = place;
  }

  /** Opens the file and brings its schema up to date. Refuses one that a newer program made, naming both. */
  static async open(options: SqliteOptions): Promise<SqliteDatabase> {
    const file = await realFile(options.file);
    const busyTimeout = options.busyTimeoutMs ?? 30_000;
    const entities = [...options.entities];
    const driver = await loadSqliteDriver();
    const base = { type: "sqlite" as const, driver, database: file, busyTimeout, entities };
    const migrations = [...options.migrations];
    const writer = new DataSource({ ...base, migrations, migrationsTableName: MIGRATIONS_TABLE });
    const reader = new DataSource(base);
    const turns = new FileTurns(file);
    try {
      await turns.run(async () => {
        await initialize(writer, file);
        inOrder(writer);
        await writer.query("pragma journal_mode = wal");
        await writer.query("pragma synchronous = full");
        await migrate(
          writer,
          migrations.map((migration) => migration.name),
        );
        await initialize(reader, file);
        await reader.query("pragma query_only = on");
      });
    } catch (error) {
      for (const source of [reader, writer]) if (source.isInitialized) await source.destroy();
      turns.leave();
      throw sqlError(error);
    }
    return new SqliteDatabase(writer, reader, turns, await FilePlace.of(file));
  }

  get entities(): EntityManager {
    return this.#reader.manager;
  }

  async write<T>(work: (tx: SqlTransaction) => Promise<T>): Promise<T> {
    try {
      return await this.#turns.run(() => this.#transaction(work));
    } catch (error) {
      throw sqlError(error);
    }
  }

  async read(sql: string, parameters: readonly unknown[] = []): Promise<readonly Row[]> {
    try {
      return await this.#reader.query(sql, [...parameters]);
    } catch (error) {
      throw sqlError(error);
    }
  }

  async close(): Promise<void> {
    await this.#turns.run(async () => {
      await this.#reader.destroy();
      await this.#writer.destroy();
    });
    this.#turns.leave();
  }

  async #transaction<T>(work: (tx: SqlTransaction) => Promise<T>): Promise<T> {
    const runner = this.#writer.createQueryRunner();
    // One round trip for both: statements of this connection run in the order given, and a clock harms nobody.
    const [, [clock]] = (await Promise.all([
      runner.query("begin immediate"),
      runner.query(`select ${NOW} as now`),
    ])) as [unknown, Row[]];
    const statements = new Statements(runner);
    try {
      const result = await work(statements.transaction(Number(clock?.now)));
      statements.refuseFailed();
      await runner.query("commit");
      await this.#place.check();
      return result;
    } catch (error) {
      await rollback(runner);
      throw error;
    } finally {
      statements.over();
    }
  }
}

/** The statements of one transaction: none is run after one that failed, not even in autocommit. */
class Statements {
  readonly #runner: QueryRunner;
  #underWay = 0;
  #failed: Error | undefined;

  constructor(runner: QueryRunner) {
    this.#runner = runner;
    const query = runner.query.bind(runner) as (...args: readonly unknown[]) => Promise<unknown>;
    // The entity manager's statements come through here, too.
    const guarded = (...args: readonly unknown[]) => this.#guard(String(args[0]), () => query(...args));
    runner.query = guarded as QueryRunner["query"];
  }

  transaction(nowMs: number): SqlTransaction {
    // The brand that makes a transaction opaque to core exists in types only.
    return {
      manager: this.#runner.manager,
      nowMs,
      query: (sql: string, parameters: readonly unknown[] = []) => this.#runner.query(sql, [...parameters]),
    } as unknown as SqlTransaction;
  }

  /** The connection's runner serves the next transaction, too. */
  over(): void {
    Reflect.deleteProperty(this.#runner, "query");
  }

  /** A transaction whose function passed over a failed statement must not be committed. */
  refuseFailed(): void {
    if (this.#failed) throw this.#failed;
  }

  async #guard(sql: string, run: () => Promise<unknown>): Promise<unknown> {
    if (sql === "rollback") return run();
    this.refuseFailed();
    const writes = !/^\s*select\b/i.test(sql);
    if (writes && this.#underWay > 0)
      throw new Error("a change was given to a transaction before the last statement ended");
    this.#underWay++;
    try {
      return await run();
    } catch (error) {
      this.#failed ??= error as Error;
      throw error;
    } finally {
      this.#underWay--;
    }
  }
}

/**
 * Statements of the connection run one after the other, in the order in which they were given. Without it, the driver
 * would let them overtake each other in its thread pool.
 */
function inOrder(source: DataSource): void {
  const driver = source.driver as unknown as { readonly databaseConnection: { serialize(): void } };
  driver.databaseConnection.serialize();
}

async function rollback(runner: QueryRunner): Promise<void> {
  try {
    await runner.query("rollback");
  } catch (error) {
    // SQLite ends a transaction by itself on a full disk and the like; the first error is the one that counts.
    if (!/no transaction is active/.test(String(error))) throw error;
  }
}

async function initialize(source: DataSource, file: string): Promise<void> {
  try {
    await source.initialize();
  } catch (cause) {
    throw new AssetmillError("UNAVAILABLE", `cannot open the database ${basename(file)}: ${(cause as Error).message}`, {
      cause,
    });
  }
}

async function migrate(source: DataSource, known: readonly string[]): Promise<void> {
  const runner = source.createQueryRunner();
  // Looked at without a lock first: a command that only asks must not wait for a busy writer.
  if (await isUpToDate(runner, known)) return;
  // Under the write lock, so that two processes that start at once migrate one after the other.
  await runner.query("begin immediate");
  try {
    if (!(await isUpToDate(runner, known))) await source.runMigrations({ transaction: "none" });
    await runner.query("commit");
  } catch (error) {
    await rollback(runner);
    throw error;
  }
}

/** Refuses a schema that this program does not know. */
async function isUpToDate(runner: QueryRunner, known: readonly string[]): Promise<boolean> {
  const tables = (await runner.query("select name from sqlite_master where type = 'table' and name = ?", [
    MIGRATIONS_TABLE,
  ])) as Row[];
  if (tables.length === 0) return false;
  const rows = (await runner.query(`select name from ${MIGRATIONS_TABLE} order by timestamp`)) as Row[];
  const done = rows.map(({ name }) => String(name));
  const newest = done.filter((name) => !known.includes(name)).at(-1);
  if (newest !== undefined) {
    throw new AssetmillError(
      "UNAVAILABLE",
      `the database's schema (${newest}) is newer than this program's (${known.at(-1)}): upgrade assetmill`,
    );
  }
  return done.length === known.length;
}
