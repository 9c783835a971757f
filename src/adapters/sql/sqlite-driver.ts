import { pathToFileURL } from "node:url";
import type { DataSource } from "typeorm";
import { AssetmillError, messageOf } from "../../core/errors.js";
import { type SqliteCallback, SqliteThread } from "./sqlite-thread.js";

/** In order of preference; see docs/decisions/0067. */
export const SQLITE_DRIVERS = ["better-sqlite3", "sqlite3"] as const;
export type SqliteDriverName = (typeof SQLITE_DRIVERS)[number];

/** "immutable": reads the file as one that nobody changes, without its log. */
export type OpenMode = "read-write" | "read-only" | "immutable";

/** A SQLite driver for TypeORM's DataSource. Neither works in the calling thread, and both wait for locks inside SQLite. */
export interface SqliteDriver {
  readonly name: SqliteDriverName;
  /** Returns the DataSource options for a file; undefined if the driver lacks the mode. It never lacks "read-write". */
  options(file: string, busyTimeoutMs: number, mode?: "read-write"): SqliteSourceOptions;
  options(file: string, busyTimeoutMs: number, mode: OpenMode): SqliteSourceOptions | undefined;
  /** Must be called once a DataSource is initialised. */
  prepare(source: DataSource): void;
}

interface SqliteSourceOptions {
  readonly type: "sqlite";
  readonly driver: unknown;
  readonly database: string;
  readonly busyTimeout?: number;
  readonly flags?: number;
}

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
    options: ((file: string, busyTimeoutMs: number, mode: OpenMode = "read-write") =>
      // It is built without SQLite's URIs, which alone can say "immutable".
      mode === "immutable"
        ? undefined
        : {
            type: "sqlite",
            driver: threads(mode === "read-only", busyTimeoutMs),
            database: file,
          }) as SqliteDriver["options"],
    prepare: () => {},
  };
}

/** What TypeORM takes for the `sqlite3` module, with better-sqlite3 in a thread behind it. */
function threads(readOnly: boolean, busyTimeoutMs: number): { readonly Database: unknown; verbose(): unknown } {
  class Database extends SqliteThread {
    constructor(file: string, opened: SqliteCallback) {
      super({ file, readOnly, busyTimeoutMs }, opened);
    }
  }
  const module = { Database, verbose: () => module };
  return module;
}

const LOAD = { "better-sqlite3": loadBetterSqlite3, sqlite3: loadSqlite3 } as const;

/**
 * Loads the first of these drivers that is installed and built. Throws INVALID_PARAMETER if there is none, saying what is
 * wrong with each and what to do.
 */
export async function loadSqliteDriver(names: readonly SqliteDriverName[] = SQLITE_DRIVERS): Promise<SqliteDriver> {
  const errors: Error[] = [];
  for (const candidate of names) {
    try {
      return await LOAD[candidate]();
    } catch (error) {
      errors.push(new Error(`${candidate}: ${whyNot(error)}`, { cause: error }));
    }
  }
  throw new AssetmillError(
    "INVALID_PARAMETER",
    `no SQLite driver can be used with Node ${process.versions.node}: ${errors.map(messageOf).join("; ")}. ` +
      `Run npm install ${names[0]}, and npm rebuild after a change of Node's version; where no prebuilt binary fits, ` +
      "that needs Python 3, make and a C++ compiler",
    { cause: errors[0], ids: { field: "store" } },
  );
}

/** Says in a few words why a driver cannot be loaded. The whole story is in the error's cause. */
function whyNot(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === "ERR_MODULE_NOT_FOUND") return "not installed";
  if (/Could not locate the bindings file/.test(message)) return "installed, but its binary is not built";
  if (/NODE_MODULE_VERSION|compiled against a different Node/.test(message))
    return "its binary was built for another version of Node";
  return messageOf(error).split("\n", 1)[0]?.slice(0, 200) ?? "";
}
