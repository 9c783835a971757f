import { opendirSync } from "node:fs";
import { opendir } from "node:fs/promises";
import { shownName } from "./listed-names.js";
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
  // Node's types leave out that names may be read as bytes.
  const options = { bufferSize: AT_ONCE, encoding: "buffer" as BufferEncoding };
  for await (const entry of await opendir(directory, options)) {
    if (names.length >= most) break;
    const name = shownName(entry.name as unknown as Buffer);
    if (!tree.isHidden(name)) names.push(name);
  }
  return names;
}

/** Like `namesIn`, at once. */
export function namesInSync(directory: string, most: number, tree: Pick<FolderTree, "isHidden">): readonly string[] {
  const names: string[] = [];
  const entries = opendirSync(directory, { bufferSize: AT_ONCE, encoding: "buffer" as BufferEncoding });
  try {
    for (let entry = entries.readSync(); entry && names.length < most; entry = entries.readSync()) {
      const name = shownName(entry.name as unknown as Buffer);
      if (!tree.isHidden(name)) names.push(name);
    }
  } finally {
    entries.closeSync();
  }
  return names;
}

/** Returns the only name in a folder that lies above the mount; undefined for any other folder. */
export function nameTowardsMount({ mount }: FolderTree, folder: string): string | undefined {
  if (folder === mount || !isWithin(mount, folder)) return undefined;
  return mount.slice(folder === "/" ? 1 : folder.length + 1).split("/")[0];
}
