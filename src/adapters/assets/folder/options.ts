import { realpath, stat } from "node:fs/promises";
import { resolve } from "node:path";
import { invalidParameter } from "../../../core/errors.js";
import { normalisePath } from "../../../core/asset/path.js";

export interface FolderOptions {
  /** The folder whose tree is the repository. */
  readonly folder: string;
  /** Where in the repository its tree stands. @defaultValue `/` */
  readonly mount?: string;
}

export interface ResolvedFolderOptions {
  /** Absolute and real. */
  readonly folder: string;
  readonly mount: string;
}

/** Refuses what is no folder, naming the option. */
export async function resolveFolderOptions(options: FolderOptions): Promise<ResolvedFolderOptions> {
  const mount = normalisePath(options.mount ?? "/", "mount");
  try {
    const folder = await realpath(resolve(options.folder));
    if ((await stat(folder)).isDirectory()) return { folder, mount };
  } catch {
    throw invalidParameter("assets", `there is no folder ${options.folder}`);
  }
  throw invalidParameter("assets", `${options.folder} is not a folder`);
}

/** `folder:DIR?mount=/path`: what jobs are bound to. */
export const folderIdentity = ({ folder, mount }: ResolvedFolderOptions): string =>
  `folder:${folder}${mount === "/" ? "" : `?mount=${mount}`}`;
