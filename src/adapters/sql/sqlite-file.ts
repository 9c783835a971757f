import { constants } from "node:fs";
import { access, stat } from "node:fs/promises";
import { dirname } from "node:path";
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
