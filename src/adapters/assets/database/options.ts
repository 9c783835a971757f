import { realpath, stat } from "node:fs/promises";
import { resolve } from "node:path";
import { invalidParameter, messageOf } from "../../../core/errors.js";
import { makeFolder } from "../../sql/index.js";

export interface DatabaseAssetsOptions {
  /** Folder to keep contents in, as files that the database refers to. @defaultValue contents are kept in the database */
  readonly contentFolder?: string;
  /** Refuse a content folder that does not exist, instead of creating it. @defaultValue false */
  readonly existingContents?: boolean;
}

/**
 * Returns the content folder's real path, and creates it if missing, unless `existingContents`; undefined if contents are
 * kept in the database.
 */
export async function resolveContentFolder({
  contentFolder,
  existingContents = false,
}: DatabaseAssetsOptions): Promise<string | undefined> {
  if (contentFolder === undefined) return undefined;
  try {
    if (!existingContents) await makeFolder(resolve(contentFolder));
    const folder = await realpath(resolve(contentFolder));
    if ((await stat(folder)).isDirectory()) return folder;
  } catch (error) {
    const why = existingContents ? "does not exist or cannot be read" : `cannot be created: ${messageOf(error)}`;
    throw invalidParameter("assets", `the content folder ${contentFolder} ${why}`);
  }
  throw invalidParameter("assets", `the content folder ${contentFolder} is not a folder`);
}
