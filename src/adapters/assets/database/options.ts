import { mkdir, realpath } from "node:fs/promises";
import { resolve } from "node:path";
import { invalidParameter, messageOf } from "../../../core/errors.js";

export interface DatabaseAssetsOptions {
  /** Folder to keep contents in, as files that the database refers to. @defaultValue contents are kept in the database */
  readonly contentFolder?: string;
}

/** Returns the content folder's real path, and creates it if missing; undefined if contents are kept in the database. */
export async function resolveContentFolder({ contentFolder }: DatabaseAssetsOptions): Promise<string | undefined> {
  if (contentFolder === undefined) return undefined;
  try {
    await mkdir(resolve(contentFolder), { recursive: true });
    return await realpath(resolve(contentFolder));
  } catch (error) {
    throw invalidParameter("assets", `cannot use ${contentFolder} as content folder: ${messageOf(error)}`);
  }
}
