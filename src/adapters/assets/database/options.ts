import { mkdir, realpath } from "node:fs/promises";
import { resolve } from "node:path";
import { invalidParameter, messageOf } from "../../../core/errors.js";

export interface DatabaseAssetsOptions {
  /** Contents are kept as files below this folder, the database refers to them. @defaultValue in the database itself */
  readonly contentFolder?: string;
}

/** The folder's real path, made where it is missing; undefined where contents are kept in the database. */
export async function resolveContentFolder({ contentFolder }: DatabaseAssetsOptions): Promise<string | undefined> {
  if (contentFolder === undefined) return undefined;
  try {
    await mkdir(resolve(contentFolder), { recursive: true });
    return await realpath(resolve(contentFolder));
  } catch (error) {
    throw invalidParameter("assets", `content: ${contentFolder} cannot be used as a folder: ${messageOf(error)}`);
  }
}
