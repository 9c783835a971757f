import { stat } from "node:fs/promises";
import { basename } from "node:path";
import type { EntityManager } from "typeorm";
import { DataSource } from "typeorm/data-source/DataSource.js";
import { AssetmillError, invalidParameter } from "../../core/errors.js";
import { entitySchema } from "./entity.js";
import { hasTables, isUpToDate } from "./migrations.js";
import { isReadable, refuseOtherFile } from "./sqlite-file.js";
import { resolveWithoutCreating } from "./resolve-file.js";
import type { Row, SqlDatabase } from "./sql-database.js";
import { SqlText } from "./sql-text.js";
import { sqliteIdentity, type SqliteOptions } from "./sqlite-database.js";
import { sqliteDialect } from "./sqlite-dialect.js";
import { driverOf } from "./file-drivers.js";
import type { OpenMode, SqliteDriver } from "./sqlite-driver.js";
import { sqliteError, sqliteOpenError } from "./sqlite-errors.js";

/**
 * A SQLite file that this user may read but not change: its permissions or those of its folder say so, or it is on a
 * read-only disk. The file is never changed; better-sqlite3 may leave SQLite's index beside it.
 */
export class ReadOnlySqliteDatabase implements SqlDatabase {
  readonly identity: string;
  readonly dialect = sqliteDialect;
  readonly #file: string;
  readonly #text: SqlText;
  readonly #reader: DataSource;
  readonly #field: string;

  readonly #leave: () => void;

  private constructor(file: string, options: SqliteOptions, text: SqlText, reader: DataSource, leave: () => void) {
    this.#leave = leave;
    this.identity = sqliteIdentity(file, options);
    this.#file = file;
    this.#text = text;
    this.#reader = reader;
    this.#field = options.field ?? "store";
  }

  /** Throws INVALID_PARAMETER if the file is not there, holds none of our tables, or cannot be read without changing it. */
  static async open(options: SqliteOptions): Promise<ReadOnlySqliteDatabase> {
    const { field = "store", file: named } = options;
    const file = await resolveWithoutCreating(named);
    await refuseOtherFile(file, { named, field, existing: true });
    const text = new SqlText(options, false);
    // sqlite3 first: it alone can read a file as immutable.
    const { driver, leave } = await driverOf(file, options.driver, ["sqlite3", "better-sqlite3"]);
    try {
      const reader = await openedReader(file, options, text, driver);
      return new ReadOnlySqliteDatabase(file, options, text, reader, leave);
    } catch (error) {
      leave();
      throw error;
    }
  }
  async entities<T>(find: (manager: EntityManager) => Promise<T>): Promise<T> {
    try {
      return await find(this.#reader.manager);
    } catch (error) {
      throw sqliteError(error, this.#file);
    }
  }

  async read(sql: string, parameters: readonly unknown[] = []): Promise<readonly Row[]> {
    try {
      return await this.#reader.query(this.#text.compile(sql), [...parameters]);
    } catch (error) {
      throw sqliteError(error, this.#file);
    }
  }

  write(): Promise<never> {
    const message = `${this.#file} is read-only; may this user write to it and its folder?`;
    return Promise.reject(invalidParameter(this.#field, message));
  }

  async close(): Promise<void> {
    await this.#reader.destroy();
    this.#leave();
  }
}

/** Opens the file and makes sure that it holds our tables, as they are now. */
async function openedReader(
  file: string,
  options: SqliteOptions,
  text: SqlText,
  driver: SqliteDriver,
): Promise<DataSource> {
  const { field = "store", migrations, file: named } = options;
  const entities = options.entities.map((entity) => entitySchema(entity, text));
  const reader = await openReader(file, driver, (mode) => {
    const source = driver.options(file, options.busyTimeoutMs ?? 30_000, mode);
    return source && new DataSource({ ...source, entities });
  }).catch(async (error: unknown) => {
    throw AssetmillError.is(error) ? error : await cannotRead(field, file, error);
  });
  try {
    const runner = reader.createQueryRunner();
    if (!(await hasTables(runner, text, sqliteDialect)))
      throw invalidParameter(field, `${named} holds no tables of assetmill`);
    if (!(await isUpToDate(runner, text, sqliteDialect, migrations))) {
      const message = `${named} is read-only, and was written by an older version: open it once where it may be changed`;
      throw invalidParameter(field, message);
    }
    return reader;
  } catch (error) {
    await reader.destroy();
    throw sqliteOpenError(error, file, field);
  }
}

/**
 * Opens the file for reading only. Without a log, nobody changes it, and nothing is created beside it. With a log, SQLite
 * needs the log's index, `-shm`, or the right to create it; without both, the changes in the log cannot be read.
 */
async function openReader(
  file: string,
  driver: SqliteDriver,
  sourceOf: (mode: OpenMode) => DataSource | undefined,
): Promise<DataSource> {
  const log = await stat(`${file}-wal`).catch(() => undefined);
  const immutable = sourceOf("immutable");
  if (!log && immutable) return readable(immutable);
  try {
    return await readable(sourceOf("read-only"));
  } catch (error) {
    if (!/SQLITE_(CANTOPEN|READONLY)/.test(`${(error as { code?: string }).code} ${String(error)}`)) throw error;
    if (log && log.size > 0) throw error;
    if (immutable) return readable(immutable);
    const message = `${driver.name} cannot read ${file} in a folder that it may not write to; use ?driver=sqlite3, or copy the file`;
    throw invalidParameter("driver", message);
  }
}

/** Initialises the DataSource, and reads once: SQLite opens the file only then. */
async function readable(source: DataSource | undefined): Promise<DataSource> {
  if (!source) throw new Error("this driver cannot open files for reading only");
  await source.initialize();
  try {
    await source.query("select count(*) from sqlite_master");
    return source;
  } catch (error) {
    await source.destroy();
    throw error;
  }
}

async function cannotRead(field: string, file: string, error: unknown): Promise<unknown> {
  const known = sqliteError(error, file, field);
  if (!AssetmillError.is(known)) return known;
  if (known.code !== "UNAVAILABLE") return sqliteOpenError(error, file, field);
  const hasLog = await stat(`${file}-wal`).then(
    ({ size }) => size > 0,
    () => false,
  );
  if (!hasLog || !(await isReadable(file))) return invalidParameter(field, `this user may not read ${file}`);
  const name = basename(file);
  const message =
    `${file} cannot be read: this user may not write to it or its folder, and ${name}-wal holds changes that are not in it ` +
    `yet. Copy ${name} and ${name}-wal to a folder of your own, or run the command as a user who may write to them`;
  return invalidParameter(field, message);
}
