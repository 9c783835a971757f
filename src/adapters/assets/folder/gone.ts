import { lstatSync, opendirSync, type Stats } from "node:fs";
import { dirname } from "node:path";
import type { FolderTree } from "./tree.js";

/** Nothing bears this name. */
const NOTHING: ReadonlySet<string> = new Set(["ENOENT", "ENOTDIR"]);

/**
 * Whether a tree shows any content. An empty folder may be the place where a disk is mounted that is missing now: then
 * nothing can be told to be gone.
 */
export function showsContent({ folder }: FolderTree): boolean {
  try {
    const entries = opendirSync(folder);
    const first = entries.readSync();
    entries.closeSync();
    return first !== null;
  } catch {
    return false;
  }
}

/**
 * Whether it is certain that no file is at a path: its folder, or the nearest one above it that exists, says so. False
 * if anything on the way may not be looked at, or is a link, whose target may be missing only now.
 */
export function isGone(tree: FolderTree, path: string): boolean {
  const file = tree.fileOf(path);
  if (file === undefined) return false;
  let found = look(file);
  if (found === "nothing" && showsAny(tree, path)) return false;
  if (found !== "nothing") return found !== "unknown" && found.isDirectory();
  for (let at = dirname(file); found === "nothing"; at = dirname(at)) {
    if (at.length < tree.folder.length) return false;
    found = look(at);
  }
  return found !== "unknown" && !found.isSymbolicLink();
}

/** Whether a path shows what has a name that is not UTF-8, or may do so. */
function showsAny(tree: FolderTree, path: string): boolean {
  try {
    return tree.find(path) !== undefined;
  } catch {
    return true;
  }
}

function look(file: string): Stats | "nothing" | "unknown" {
  try {
    return lstatSync(file);
  } catch (error) {
    return NOTHING.has((error as NodeJS.ErrnoException).code ?? "") ? "nothing" : "unknown";
  }
}
