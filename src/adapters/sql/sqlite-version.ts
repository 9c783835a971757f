import type { DataSource } from "typeorm";
import { invalidParameter } from "../../core/errors.js";
import type { SqliteDriverName } from "./sqlite-driver.js";

/** The oldest SQLite that has what `sqliteDialect` uses: `unixepoch('subsec')` and `unhex`. */
const OLDEST = [3, 42] as const;

/** Returns the release of SQLite that a driver brings. Throws INVALID_PARAMETER if it is too old. */
export async function sqliteVersion(source: DataSource, driver: SqliteDriverName): Promise<string> {
  const rows = await source.query<readonly { readonly version: string }[]>("select sqlite_version() as version");
  const version = rows[0]?.version ?? "unknown";
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1])) {
    throw invalidParameter("driver", `${driver} brings SQLite ${version}; ${OLDEST.join(".")} or newer is needed`);
  }
  return version;
}
