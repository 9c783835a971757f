import { realpath, stat } from "node:fs/promises";
import { resolve } from "node:path";
import { invalidParameter } from "../../../core/errors.js";
import { normalisePath } from "../../../core/asset/path.js";

export interface FolderOptions {
  /** Path of the folder to read, with all below it. */
  readonly folder: string;
  /** Repository path at which the folder is mounted. @defaultValue `/` */
  readonly mount?: string;
}

export interface ResolvedFolderOptions {
  /** Absolute, with symbolic links resolved. */
  readonly folder: string;
  readonly mount: string;
}

/** Resolves the options. Throws INVALID_PARAMETER naming the option if the folder does not exist. */
export async function resolveFolderOptions(options: FolderOptions): Promise<ResolvedFolderOptions> {
  const mount = normalisePath(options.mount ?? "/", "mount");
  try {
    const folder = await realpath(resolve(options.folder));
    if ((await stat(folder)).isDirectory()) return { folder, mount };
  } catch {
    throw invalidParameter("assets", `folder not found: ${options.folder}`);
  }
  throw invalidParameter("assets", `${options.folder} is not a folder`);
}

/** Returns the identity that jobs are bound to: `folder:DIR?mount=/path`. */
export const folderIdentity = ({ folder, mount }: ResolvedFolderOptions): string =>
  `folder:${folder}${mount === "/" ? "" : `?mount=${mount}`}`;
