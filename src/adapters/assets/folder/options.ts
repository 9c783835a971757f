import { realpath, stat } from "node:fs/promises";
import { resolve } from "node:path";
import { invalidParameter } from "../../../core/errors.js";
import { normalisePath } from "../../../core/asset/path.js";
import { enter } from "./enter.js";

export interface FolderOptions {
  /** Path of the folder to read, with all below it. */
  readonly folder: string;
  /** Repository path at which the folder is mounted. @defaultValue `/` */
  readonly mount?: string;
  /** Whether hidden files and folders are assets, too; see `isHiddenName`. @defaultValue false */
  readonly hidden?: boolean;
}

export interface ResolvedFolderOptions {
  /** Absolute, with symbolic links resolved. */
  readonly folder: string;
  readonly mount: string;
  readonly hidden: boolean;
}

/** Resolves the options. Throws INVALID_PARAMETER naming the folder if it does not exist or this user may not enter it. */
export async function resolveFolderOptions(options: FolderOptions): Promise<ResolvedFolderOptions> {
  const mount = normalisePath(options.mount ?? "/", "mount");
  try {
    const folder = await realpath(resolve(options.folder));
    if ((await stat(folder)).isDirectory()) {
      // Needs the right to enter it, not to list it: without the latter, single assets can still be read.
      enter(folder);
      return { folder, mount, hidden: options.hidden === true };
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EACCES" || code === "EPERM")
      throw invalidParameter("assets", `this user may not enter the folder ${options.folder} (${code})`);
    if (code === "ENAMETOOLONG")
      throw invalidParameter(
        "assets",
        `the folder's path is longer than this system allows: ${options.folder} (${code})`,
      );
    throw invalidParameter("assets", `folder not found: ${options.folder}`);
  }
  throw invalidParameter("assets", `${options.folder} is not a folder`);
}

/** Returns the identity that jobs are bound to: `folder:DIR?mount=/path&hidden=true`, without what has its default. */
export function folderIdentity({ folder, mount, hidden }: ResolvedFolderOptions): string {
  const query = [...(mount === "/" ? [] : [`mount=${mount}`]), ...(hidden ? ["hidden=true"] : [])];
  return `folder:${folder}${query.length === 0 ? "" : `?${query.join("&")}`}`;
}
