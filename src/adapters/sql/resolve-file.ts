import { realpath } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { invalidParameter, messageOf } from "../../core/errors.js";
import { makeFolder } from "./make-folder.js";

/** Resolves links in the file's folder, so that one database has one name. Creates the folder if missing; the file need not exist. */
export async function resolveFile(file: string, field = "store"): Promise<string> {
  const path = resolve(file);
  try {
    await makeFolder(dirname(path));
    return await inRealFolder(path);
  } catch (cause) {
    throw invalidParameter(field, `cannot create the folder of ${path}: ${messageOf(cause)}`);
  }
}

/** Like `resolveFile`, but creates nothing; returns the absolute path as it is if its folder is missing. */
export const resolveWithoutCreating = (file: string): Promise<string> => {
  const path = resolve(file);
  return inRealFolder(path).catch(() => path);
};

const inRealFolder = async (path: string): Promise<string> => join(await realpath(dirname(path)), basename(path));
