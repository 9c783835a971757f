import { realpath } from "node:fs/promises";
import { basename } from "node:path";
import { invalidParameter } from "../../core/errors.js";
import { loadSqliteDriver, SQLITE_DRIVERS, type SqliteDriver, type SqliteDriverName } from "./sqlite-driver.js";

interface InUse {
  readonly name: SqliteDriverName;
  users: number;
}

/** Shared by all copies of this package in a process: two of them would break each other's locks as well. */
const FILES = Symbol.for("assetmill.sqlite-files");
const shared = globalThis as { [FILES]?: Map<string, InUse> };
const files = (shared[FILES] ??= new Map<string, InUse>());

/** A driver that this process uses for a file until `leave`, which must be called once. */
export interface FileDriver {
  readonly driver: SqliteDriver;
  leave: () => void;
}

/**
 * Chooses the driver for a file: the named one, else the one that this process already uses for that file, else the first
 * of the preferred ones that is installed. Each driver brings a SQLite of its own, and the system's file locks are the
 * process's: two of them in one process would not see each other's locks, and each would drop the other's. Throws
 * INVALID_PARAMETER if the named driver is another than the one in use.
 */
export async function driverOf(
  file: string,
  name?: SqliteDriverName,
  preferred: readonly SqliteDriverName[] = SQLITE_DRIVERS,
): Promise<FileDriver> {
  const key = await realpath(file).catch(() => file);
  const known = files.get(key)?.name ?? name;
  const driver = await loadSqliteDriver(known === undefined ? preferred : [known]);
  // Looked up again after the loading: from here on nobody else has a turn.
  const inUse = files.get(key) ?? { name: driver.name, users: 0 };
  refuse(inUse.name, file, name);
  inUse.users++;
  files.set(key, inUse);
  let left = false;
  const leave = (): void => {
    if (!left && --inUse.users === 0) files.delete(key);
    left = true;
  };
  return { driver: inUse.name === driver.name ? driver : await loadSqliteDriver([inUse.name]), leave };
}

function refuse(driver: SqliteDriverName, file: string, wanted: SqliteDriverName | undefined): void {
  if (wanted !== undefined && driver !== wanted) {
    const message =
      `${basename(file)} is already open in this process by ${driver}: two drivers would not see each other's locks; ` +
      `use ?driver=${driver}, or none`;
    throw invalidParameter("driver", message);
  }
  if (driver === "better-sqlite3" && file !== file.trim()) {
    const message = "better-sqlite3 cannot open a file whose name ends with a blank; use ?driver=sqlite3";
    throw invalidParameter("driver", message);
  }
}
