import { AssetmillError } from "../../core/errors.js";

/** What TypeORM asks of the driver's module. */
interface SqliteModule {
  readonly Database: unknown;
  verbose(): unknown;
}

/**
 * The `sqlite3` driver, loaded when a SQLite file is first opened. TypeORM would switch on its stack traces, which
 * format every parameter of every call, whole manifests included; ours keeps them off.
 */
export async function loadSqliteDriver(): Promise<SqliteModule> {
  try {
    const { default: sqlite3 } = (await import("sqlite3")) as unknown as { default: SqliteModule };
    const quiet: SqliteModule = { ...sqlite3, Database: sqlite3.Database, verbose: () => quiet };
    return quiet;
  } catch (cause) {
    const message =
      "the sqlite3 driver is not installed or not built: npm install sqlite3 " +
      "(where no prebuilt binary fits, that needs Python 3, make and a C++ compiler)";
    throw new AssetmillError("UNAVAILABLE", message, { cause });
  }
}
