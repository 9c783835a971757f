import { opendir } from "node:fs/promises";
import type { FolderTree } from "./tree.js";
import { isWithin } from "../../../core/asset/path.js";

/** Entries read at once. */
const AT_ONCE = 1_024;

/** Returns up to `most` names in a directory, without hidden ones. Throws if it cannot be read. */
export async function namesIn(
  directory: string,
  most: number,
  tree: Pick<FolderTree, "isHidden">,
): Promise<readonly string[]> {
  const names: string[] = [];
  for await (const { name } of await opendir(directory, { bufferSize: AT_ONCE })) {
    if (names.length >= most) break;
    if (!tree.isHidden(name)) names.push(name);
  }
  return names;
}

/** Returns the only name in a folder that lies above the mount; undefined for any other folder. */
export function nameTowardsMount({ mount }: FolderTree, folder: string): string | undefined {
  if (folder === mount || !isWithin(mount, folder)) return undefined;
  return mount.slice(folder === "/" ? 1 : folder.length + 1).split("/")[0];
}
