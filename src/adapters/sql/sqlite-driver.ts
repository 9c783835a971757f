import { pathToFileURL } from "node:url";
import type { DataSource } from "typeorm";
import { AssetmillError, messageOf } from "../../core/errors.js";

export const SQLITE_DRIVERS = ["sqlite3", "better-sqlite3"] as const;
export type SqliteDriverName = (typeof SQLITE_DRIVERS)[number];

/** "immutable": reads the file as one that nobody changes, without its log. */
export type OpenMode = "read-write" | "read-only" | "immutable";

/** A SQLite driver for TypeORM's DataSource. */
export interface SqliteDriver {
  readonly name: SqliteDriverName;
  /** Returns the DataSource options for a file; undefined if the driver lacks the mode. It never lacks "read-write". */
  options(file: string, busyTimeoutMs: number, mode?: "read-write"): SqliteSourceOptions;
  options(file: string, busyTimeoutMs: number, mode: OpenMode): SqliteSourceOptions | undefined;
  /** Must be called once a DataSource is initialised. */
  prepare(source: DataSource): void;
  /**
   * Whether the driver works in the calling thread. Then the caller must wait for another process's lock instead of
   * SQLite, to keep the event loop running.
   */
  readonly blocks: boolean;
}

type SqliteSourceOptions =
  | {
      readonly type: "sqlite";
      readonly driver: unknown;
      readonly database: string;
      readonly busyTimeout: number;
      readonly flags?: number;
    }
  | {
      readonly type: "better-sqlite3";
      readonly driver: unknown;
      readonly database: string;
      readonly timeout: number;
      readonly readonly?: boolean;
    };

/** The part of the `sqlite3` module that TypeORM uses. */
interface Sqlite3Module {
  readonly Database: unknown;
  readonly OPEN_READONLY: number;
  readonly OPEN_URI: number;
  verbose(): unknown;
}

/**
 * Loads sqlite3 with `verbose` disabled: TypeORM would turn on its stack traces, which format every parameter of every
 * call, whole manifests included.
 */
async function loadSqlite3(): Promise<SqliteDriver> {
  const { default: sqlite3 } = (await import("sqlite3")) as unknown as { default: Sqlite3Module };
  const quiet: Sqlite3Module = { ...sqlite3, Database: sqlite3.Database, verbose: () => quiet };
  return {
    name: "sqlite3",
    options: (file: string, busyTimeout: number, mode: OpenMode = "read-write") => {
      if (mode === "read-write") return { type: "sqlite" as const, driver: quiet, database: file, busyTimeout };
      const database = `${pathToFileURL(file).href}?mode=ro${mode === "immutable" ? "&immutable=1" : ""}`;
      const flags = sqlite3.OPEN_READONLY | sqlite3.OPEN_URI;
      return { type: "sqlite" as const, driver: quiet, database, busyTimeout, flags };
    },
    // Runs the connection's statements in call order; otherwise the driver's thread pool could reorder them.
    prepare: (source) => {
      const driver = source.driver as unknown as { readonly databaseConnection: { serialize(): void } };
      driver.databaseConnection.serialize();
    },
    blocks: false,
  };
}

async function loadBetterSqlite3(): Promise<SqliteDriver> {
  const name = "better-sqlite3";
  // A variable keeps the compiler from resolving the import: the package is optional.
  const { default: driver } = (await import(name)) as { default: new (file: string) => { close(): void } };
  // The module loads even without its binary; opening a database shows whether that is missing.
  new driver(":memory:").close();
  return {
    name,
    options: ((database: string, _busyTimeoutMs: number, mode: OpenMode = "read-write") =>
      // It is built without SQLite's URIs, which alone can say "immutable".
      mode === "immutable"
        ? undefined
        : {
            type: "better-sqlite3",
            driver,
            database,
            timeout: 0,
            ...(mode === "read-only" ? { readonly: true } : {}),
          }) as SqliteDriver["options"],
    prepare: () => {},
    blocks: true,
  };
}

const LOAD = { sqlite3: loadSqlite3, "better-sqlite3": loadBetterSqlite3 } as const;

/**
 * Loads the named driver, or else the first of SQLITE_DRIVERS that is installed and built. Throws INVALID_PARAMETER,
 * saying what to install, if there is none.
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
    `no SQLite driver is installed and built: npm install ${wanted} (if no prebuilt binary fits, that needs ` +
      `Python 3, make and a C++ compiler): ${errors.map(messageOf).join("; ").slice(0, 500)}`,
    { cause: errors[0], ids: { field: "store" } },
  );
}
