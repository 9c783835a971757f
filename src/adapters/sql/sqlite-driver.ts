import type { DataSource } from "typeorm";
import { AssetmillError, messageOf } from "../../core/errors.js";

export const SQLITE_DRIVERS = ["sqlite3", "better-sqlite3"] as const;
export type SqliteDriverName = (typeof SQLITE_DRIVERS)[number];

/** A driver as a DataSource wants it, and how it waits. */
export interface SqliteDriver {
  readonly name: SqliteDriverName;
  /** Options for a DataSource on this file. */
  options(file: string, busyTimeoutMs: number): SqliteSourceOptions;
  /** After a DataSource was initialised. */
  prepare(source: DataSource): void;
  /**
   * True where the driver works in the calling thread: then a wait for another process's lock is ours, not SQLite's, for
   * the event loop must turn meanwhile.
   */
  readonly blocks: boolean;
}

type SqliteSourceOptions =
  | { readonly type: "sqlite"; readonly driver: unknown; readonly database: string; readonly busyTimeout: number }
  | { readonly type: "better-sqlite3"; readonly driver: unknown; readonly database: string; readonly timeout: number };

/** What TypeORM asks of the `sqlite3` module. */
interface Sqlite3Module {
  readonly Database: unknown;
  verbose(): unknown;
}

/**
 * TypeORM would switch on the driver's stack traces, which format every parameter of every call, whole manifests
 * included; ours keeps them off.
 */
async function loadSqlite3(): Promise<SqliteDriver> {
  const { default: sqlite3 } = (await import("sqlite3")) as unknown as { default: Sqlite3Module };
  const quiet: Sqlite3Module = { ...sqlite3, Database: sqlite3.Database, verbose: () => quiet };
  return {
    name: "sqlite3",
    options: (database, busyTimeout) => ({ type: "sqlite", driver: quiet, database, busyTimeout }),
    // Statements of the connection run one after the other, in the order in which they were given. Without it, the
    // driver would let them overtake each other in its thread pool.
    prepare: (source) => {
      const driver = source.driver as unknown as { readonly databaseConnection: { serialize(): void } };
      driver.databaseConnection.serialize();
    },
    blocks: false,
  };
}

async function loadBetterSqlite3(): Promise<SqliteDriver> {
  const name = "better-sqlite3";
  // By a name that the compiler does not follow: the package is the host's choice, and need not be there.
  const { default: driver } = (await import(name)) as { default: new (file: string) => { close(): void } };
  // The module loads without its binary; the first database shows that it is missing.
  new driver(":memory:").close();
  return {
    name,
    options: (database) => ({ type: "better-sqlite3", driver, database, timeout: 0 }),
    prepare: () => {},
    blocks: true,
  };
}

const LOAD = { sqlite3: loadSqlite3, "better-sqlite3": loadBetterSqlite3 } as const;

/**
 * The driver of this name, loaded when a SQLite file is first opened; without a name the first of SQLITE_DRIVERS that is
 * installed and built. UNAVAILABLE, saying what to install, where there is none.
 */
export async function loadSqliteDriver(name?: SqliteDriverName): Promise<SqliteDriver> {
  const errors: unknown[] = [];
  for (const candidate of name === undefined ? SQLITE_DRIVERS : [name]) {
    try {
      return await LOAD[candidate]();
    } catch (error) {
      errors.push(error);
    }
  }
  const wanted = name ?? SQLITE_DRIVERS.join(" or ");
  throw new AssetmillError(
    "INVALID_PARAMETER",
    `no SQLite driver is installed and built: npm install ${wanted} (where no prebuilt binary fits, that needs ` +
      `Python 3, make and a C++ compiler): ${errors.map(messageOf).join("; ").slice(0, 500)}`,
    { cause: errors[0], ids: { field: "store" } },
  );
}
