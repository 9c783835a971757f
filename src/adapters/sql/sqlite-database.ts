import { basename } from "node:path";
import type { EntityManager, QueryRunner } from "typeorm";
import { DataSource } from "typeorm/data-source/DataSource.js";
import { AssetmillError, invalidParameter } from "../../core/errors.js";
import { type EntityDefinition, entitySchema } from "./entity.js";
import { FileIdentity } from "./file-identity.js";
import { FileWriteQueue } from "./file-write-queue.js";
import { resolveFile, resolveWithoutCreating } from "./resolve-file.js";
import { hasTables, isUpToDate, migrate, type Migration } from "./migrations.js";
import type { Row, SqlDatabase, SqlTransaction } from "./sql-database.js";
import { SqlText, type TablePlace } from "./sql-text.js";
import { sqliteDialect } from "./sqlite-dialect.js";
import { createPrivate, refuseOtherFile } from "./sqlite-file.js";
import { driverOf } from "./file-drivers.js";
import type { SqliteDriver, SqliteDriverName } from "./sqlite-driver.js";
import { sqliteVersion } from "./sqlite-version.js";
import { sqliteError, sqliteOpenError } from "./sqlite-errors.js";
import { rowsOf, Statements } from "./statements.js";

export interface SqliteOptions extends Pick<TablePlace, "prefix"> {
  /** Created if missing, with its folder, for this user alone, unless `existing`. */
  readonly file: string;
  /** Open only a file that has our tables; leave any other as it is. @defaultValue false */
  readonly existing?: boolean;
  /** The option that names the file, for errors. @defaultValue store */
  readonly field?: string;
  /** @defaultValue the one that this process uses for the file, else the first of SQLITE_DRIVERS that is installed */
  readonly driver?: SqliteDriverName;
  readonly entities: readonly EntityDefinition[];
  /** In the order in which they run. */
  readonly migrations: readonly Migration[];
  /** How long a writer waits for another process's lock. @defaultValue 30,000 */
  readonly busyTimeoutMs?: number;
}

/** Returns `sqlite:/real/file[?prefix=…]`. */
export const sqliteIdentity = (file: string, { prefix }: Pick<TablePlace, "prefix">): string =>
  `sqlite:${file}${prefix === undefined ? "" : `?prefix=${prefix}`}`;

interface Parts {
  readonly identity: string;
  readonly file: string;
  readonly text: SqlText;
  readonly driver: SqliteDriver;
  readonly writer: DataSource;
  readonly reader: DataSource;
  readonly turns: FileWriteQueue;
  /** Ends this file's use of the driver. */
  readonly leave: () => void;
}

/**
 * A SQLite file in WAL mode with `synchronous=FULL`: committed transactions survive power loss. One connection writes, in
 * `BEGIN IMMEDIATE` transactions one at a time; a second one reads.
 */
export class SqliteDatabase implements SqlDatabase {
  readonly identity: string;
  readonly dialect = sqliteDialect;
  /** The driver, and the release of SQLite that it brings: `better-sqlite3, SQLite 3.53.2`. */
  readonly engine: string;
  readonly #parts: Parts;
  readonly #place: FileIdentity;

  private constructor(parts: Parts, place: FileIdentity, version: string) {
    this.identity = parts.identity;
    this.engine = `${parts.driver.name}, SQLite ${version}`;
    this.#parts = parts;
    this.#place = place;
  }

  /** Opens the file and brings its schema up to date. Throws if a newer program created the schema, naming both versions. */
  static async open(options: SqliteOptions): Promise<SqliteDatabase> {
    const { existing = false, field = "store" } = options;
    // Refuses a bad prefix, before anything is created.
    const text = new SqlText(options, false);
    const file = await (existing ? resolveWithoutCreating(options.file) : resolveFile(options.file, field));
    await refuseOtherFile(file, { named: options.file, field, existing });
    const { driver, leave } = await driverOf(file, options.driver);
    if (!existing) await createPrivate(file);
    const busyTimeoutMs = options.busyTimeoutMs ?? 30_000;
    const entities = options.entities.map((entity) => entitySchema(entity, text));
    const source = (): DataSource => new DataSource({ ...driver.options(file, busyTimeoutMs), entities });
    const parts: Parts = {
      identity: sqliteIdentity(file, options),
      file,
      text,
      driver,
      writer: source(),
      reader: source(),
      turns: new FileWriteQueue(file),
      leave,
    };
    let version: string;
    try {
      version = await parts.turns.run(() => initialize(parts, options));
    } catch (error) {
      for (const one of [parts.reader, parts.writer]) if (one.isInitialized) await one.destroy();
      parts.turns.leave();
      leave();
      throw sqliteOpenError(error, file, field);
    }
    return new SqliteDatabase(parts, await FileIdentity.of(file), version);
  }

  /** Throws INVALID_PARAMETER if this driver is not the one in use. */
  refuseOtherDriver(driver: string): void {
    const { name } = this.#parts.driver;
    if (driver !== name)
      throw invalidParameter(
        "driver",
        `${basename(this.#parts.file)} is already open in this process by ${name}; name one driver wherever you name the file`,
      );
  }

  async entities<T>(find: (manager: EntityManager) => Promise<T>): Promise<T> {
    try {
      return await find(this.#parts.reader.manager);
    } catch (error) {
      throw sqliteError(error, this.#parts.file);
    }
  }

  async write<T>(work: (tx: SqlTransaction) => Promise<T>): Promise<T> {
    try {
      return await this.#parts.turns.run(() => this.#transaction(work));
    } catch (error) {
      throw sqliteError(error, this.#parts.file);
    }
  }

  async read(sql: string, parameters: readonly unknown[] = []): Promise<readonly Row[]> {
    const { reader, text } = this.#parts;
    try {
      return await reader.query(text.compile(sql), [...parameters]);
    } catch (error) {
      throw sqliteError(error, this.#parts.file);
    }
  }

  async close(): Promise<void> {
    const { turns, reader, writer, leave } = this.#parts;
    await turns.run(async () => {
      await reader.destroy();
      await writer.destroy();
    });
    turns.leave();
    leave();
  }

  async #transaction<T>(work: (tx: SqlTransaction) => Promise<T>): Promise<T> {
    const { writer, text } = this.#parts;
    const runner = writer.createQueryRunner();
    const nowMs = await begin(runner);
    const statements = new Statements(runner);
    try {
      const result = await work(statements.transaction({ dialect: sqliteDialect, text, nowMs, lock: async () => {} }));
      statements.throwIfFailed();
      await runner.query("commit");
      await this.#place.check();
      return result;
    } catch (error) {
      await rollback(runner);
      throw error;
    } finally {
      statements.detach();
    }
  }
}

const BEGIN = "begin immediate";
const CLOCK = `select ${sqliteDialect.now} as now`;

/** Begins a write transaction and returns the database's time. */
async function begin(runner: QueryRunner): Promise<number> {
  // One round trip for both: statements on this connection run in call order, and reading the clock has no effect if `begin` fails.
  const [, [clock]] = await Promise.all([rowsOf(runner, BEGIN, []), rowsOf(runner, CLOCK, [])]);
  return Number(clock?.now);
}

async function rollback(runner: QueryRunner): Promise<void> {
  try {
    await runner.query("rollback");
  } catch (error) {
    // On a full disk and the like SQLite has rolled back by itself; the caller throws the original error.
    if (!/no transaction is active/.test(String(error))) throw error;
  }
}

/** Opens both connections, at the same time, and returns SQLite's version. */
async function initialize(parts: Parts, options: SqliteOptions): Promise<string> {
  const { reader, file } = parts;
  const writing = initializeWriter(parts, options);
  const reading = initializeSource(reader, file).then(() => reader.query("pragma query_only = on"));
  // Only what has ended can be closed.
  await Promise.allSettled([writing, reading]);
  const version = await writing;
  await reading;
  return version;
}

async function initializeWriter(parts: Parts, options: SqliteOptions): Promise<string> {
  const { writer, driver, file, text } = parts;
  const { migrations, existing, field = "store" } = options;
  await initializeSource(writer, file);
  driver.prepare(writer);
  const version = await sqliteVersion(writer, driver.name);
  if (existing && !(await hasTables(writer.createQueryRunner(), text, sqliteDialect)))
    throw invalidParameter(field, `${options.file} holds no tables of assetmill`);
  await writer.query("pragma journal_mode = wal");
  await writer.query("pragma synchronous = full");
  await bringUpToDate(parts, migrations);
  return version;
}

async function initializeSource(source: DataSource, file: string): Promise<void> {
  try {
    await source.initialize();
  } catch (cause) {
    throw new AssetmillError("UNAVAILABLE", `cannot open the database ${basename(file)}: ${(cause as Error).message}`, {
      cause,
    });
  }
}

async function bringUpToDate(parts: Parts, migrations: readonly Migration[]): Promise<void> {
  const { text } = parts;
  const runner = parts.writer.createQueryRunner();
  // Checks without a lock first: a command that only reads must not wait for a busy writer.
  if (await isUpToDate(runner, text, sqliteDialect, migrations)) return;
  // Checks again under the write lock: another process that started at the same time may have migrated.
  await begin(runner);
  try {
    if (!(await isUpToDate(runner, text, sqliteDialect, migrations)))
      await migrate(runner, text, sqliteDialect, migrations);
    await runner.query("commit");
  } catch (error) {
    await rollback(runner);
    throw error;
  }
}
