import { existsSync } from "node:fs";
import { mkdir, realpath } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { invalidParameter, messageOf } from "../../core/errors.js";

/** Resolves links in the file's folder, so that one database has one name. Creates the folder if missing; the file need not exist. */
export async function resolveFile(file: string): Promise<string> {
  const path = resolve(file);
  try {
    await makeFolder(dirname(path));
  } catch (cause) {
    throw invalidParameter("store", `cannot create the folder of ${path}: ${messageOf(cause)}`);
  }
  return join(await realpath(dirname(path)), basename(path));
}

/** Creates a folder and its parents. Node's recursive mkdir never returns below a directory such as /proc, where none can be created. */
async function makeFolder(folder: string): Promise<void> {
  const missing: string[] = [];
  for (let at = folder; !existsSync(at) && at !== dirname(at); at = dirname(at)) missing.unshift(at);
  for (const one of missing) {
    await mkdir(one).catch((error: NodeJS.ErrnoException) => {
      // Another process may have created it.
      if (error.code !== "EEXIST") throw error;
    });
  }
}
