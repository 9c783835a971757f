import { constants } from "node:fs";
import { access, open, readlink, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { invalidParameter } from "../../core/errors.js";

/**
 * Refuses a file that cannot be a database: a folder, or a device or pipe, on which SQLite waits for ever; with `existing`
 * also one that does not exist. `named`: the file as the user wrote it.
 */
export async function refuseOtherFile(
  file: string,
  { named, field, existing }: { readonly named: string; readonly field: string; readonly existing: boolean },
): Promise<void> {
  const found = await stat(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT" || error.code === "ENOTDIR") return undefined;
    throw invalidParameter(field, `${named} cannot be opened (${error.code})`);
  });
  if (found?.isDirectory()) throw invalidParameter(field, `${named} is a folder; name a file`);
  if (found && !found.isFile()) throw invalidParameter(field, `${named} is not a regular file`);
  if (existing && !found) throw invalidParameter(field, `there is no database at ${named}`);
}

/** Links that lead from one to the next, at most; as Linux counts. */
const MOST_LINKS = 40;

/**
 * Creates a database file that only this user may read and write, whatever the umask, unless there is one: that keeps its
 * mode. SQLite gives the mode of the file to `-wal` and `-shm`. Where no file can be created, does nothing: SQLite says why.
 */
export async function createPrivate(file: string): Promise<void> {
  let at = file;
  for (let links = 0; links < MOST_LINKS; links++) {
    try {
      // Never opens one that is there: on closing it, this process would lose all its locks on it.
      const created = await open(at, "wx", 0o600);
      try {
        await created.chmod(0o600);
      } finally {
        await created.close();
      }
      return;
    } catch {
      // A link to a file that is not there yet: SQLite creates that.
      const target = await readlink(at).catch(() => undefined);
      if (target === undefined) return;
      at = resolve(dirname(at), target);
    }
  }
}

/** Returns whether this user may read the file. */
export const isReadable = (file: string): Promise<boolean> =>
  access(file, constants.R_OK).then(
    () => true,
    () => false,
  );

/** Returns whether this user may change the file, which takes its folder too: SQLite keeps its log beside it. */
export async function isWritable(file: string): Promise<boolean> {
  try {
    await access(file, constants.W_OK);
    await access(dirname(file), constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
