import { existsSync } from "node:fs";
import { mkdir, realpath } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { invalidParameter, messageOf } from "../../core/errors.js";

/** The file with its folder's real path, so that one database has one name. The file itself need not exist, its folder is made. */
export async function resolveFile(file: string): Promise<string> {
  const path = resolve(file);
  try {
    await makeFolder(dirname(path));
  } catch (cause) {
    throw invalidParameter("store", `the folder of ${path} cannot be made: ${messageOf(cause)}`);
  }
  return join(await realpath(dirname(path)), basename(path));
}

/** With all above it. Node's own, recursive, never comes back below a place such as /proc, where nothing can be made. */
async function makeFolder(folder: string): Promise<void> {
  const missing: string[] = [];
  for (let at = folder; !existsSync(at) && at !== dirname(at); at = dirname(at)) missing.unshift(at);
  for (const one of missing) {
    await mkdir(one).catch((error: NodeJS.ErrnoException) => {
      // Another process was faster.
      if (error.code !== "EEXIST") throw error;
    });
  }
}
