import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { type Asset, nameOf } from "../../../core/asset/asset.js";
import { fileTypeOfName } from "../../../core/asset/file-type.js";
import { childPath, comparePaths, isWithin } from "../../../core/asset/path.js";
import { admits, isExcluded, type Scope } from "../../../core/asset/scope.js";
import { assetOfFile } from "./asset-mapper.js";
import type { ScanOptions, ScanPage } from "../../../core/ports/asset-repository.js";
import { ScanPager } from "../../../core/ports/scan-pager.js";
import { folderError } from "./errors.js";
import { TimeSlice } from "./time-slice.js";
import type { FolderTree, TreeFile } from "./tree.js";

interface Name {
  readonly name: string;
  readonly isFolder: boolean;
}

/** A folder on the way down: its remaining names, in reverse, so that the next one is last. */
interface Level {
  readonly path: string;
  readonly folder: string;
  readonly names: Name[];
}

/**
 * Scans the scope's assets in path order. Memory holds the names of the folders on the way down to the current one, never
 * the whole tree. A folder that cannot be read ends the scan with an error: its content must not be skipped silently.
 */
export async function* scanFolder(tree: FolderTree, scope: Scope, options: ScanOptions): AsyncGenerator<ScanPage> {
  const pager = new ScanPager(options, () => performance.now());
  const slice = new TimeSlice();
  let previous: string | undefined;
  const levels: Level[] = [];
  // Every excluded path is met on the way down: an exact lookup is enough.
  const excluded = new Set(scope.excluded);
  for (const root of scope.roots) {
    if (isExcluded(scope, root)) continue;
    const begin = await enter(tree, scope, root, options.after);
    if (begin) levels.push(begin);
    for (let level = levels.at(-1); level; level = levels.at(-1)) {
      if (pager.isAborted) return;
      const next = level.names.pop();
      if (!next) {
        levels.pop();
        continue;
      }
      const path = childPath(level.path, next.name);
      if (excluded.has(path)) continue;
      if (path === previous) continue; // two names that are not UTF-8 may decode to the same text: report one asset for both
      let asset: Asset | undefined;
      if (next.isFolder) {
        const deeper = await openLevel(path, join(level.folder, next.name), options.after, tree.folder);
        if (deeper) levels.push(deeper);
        else if (isLossy(path) && !tree.findFile(join(level.folder, next.name))) asset = namelessAt(path);
      } else {
        const found = look(tree, path, join(level.folder, next.name));
        if (found && admits(scope.filter, found)) asset = found;
      }
      previous = path;
      pager.add(path, asset);
      if (pager.isDue) yield* pager.page();
      if (slice.isOver) await slice.turn();
    }
  }
  yield* pager.rest();
}

/** Returns the asset of a listed file; undefined if it is not a file, or is gone by now. */
function look(tree: FolderTree, path: string, file: string): Asset | undefined {
  const found = lookAt(tree, path, () => tree.findFile(file));
  if (found) return found.stats.isFile() ? assetOfFile(path, found) : undefined;
  return isLossy(path) ? namelessAt(path) : undefined;
}

/** Whether the name is not UTF-8: Node then replaces its bytes. */
export const isLossy = (path: string): boolean => path.includes("\ufffd");

/** No path leads back to such a file. It counts as an asset all the same, and fails when it is read. */
export const namelessAt = (path: string): Asset => ({
  path,
  fileType: fileTypeOfName(nameOf(path)) ?? "OTHERS",
  sizeBytes: 0,
  createdMs: 0,
  modifiedMs: 0,
});

/** Returns what is found. Throws if nothing is because the whole tree is gone. */
function lookAt(tree: FolderTree, path: string, find: () => TreeFile | undefined): TreeFile | undefined {
  try {
    const found = find();
    if (!found && !existsSync(tree.folder)) throw Object.assign(new Error("no root"), { code: "ENOENT" });
    return found;
  } catch (error) {
    throw folderError(error, path, tree.folder);
  }
}

/** Opens a root: its names if it is a folder, itself alone if it is a file. */
async function enter(
  tree: FolderTree,
  scope: Scope,
  root: string,
  after: string | undefined,
): Promise<Level | undefined> {
  const place = mountedAt(tree, root);
  if (isExcluded(scope, place)) return undefined;
  const file = tree.fileOf(place);
  const found = file === undefined ? undefined : lookAt(tree, place, () => tree.find(place));
  if (!found || file === undefined) return undefined;
  if (found.stats.isDirectory()) return openLevel(place, file, after, tree.folder);
  const cut = place.lastIndexOf("/");
  if (after !== undefined && comparePaths(place, after) <= 0) return undefined;
  const name = place.slice(cut + 1);
  return { path: place.slice(0, cut) || "/", folder: join(file, ".."), names: [{ name, isFolder: false }] };
}

/** A root above the mount starts at the mount: there is nothing else below it. */
const mountedAt = (tree: FolderTree, root: string): string => (isWithin(tree.mount, root) ? tree.mount : root);

/** Lists a folder's names after the position, in path order. Undefined if the folder lies before it, or is gone. */
async function openLevel(
  path: string,
  folder: string,
  after: string | undefined,
  root: string,
): Promise<Level | undefined> {
  const within = after !== undefined && after !== path && isWithin(after, path);
  if (after !== undefined && !within && after !== path && comparePaths(path, after) < 0) return undefined;
  let names: Name[];
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    names = entries.map((entry) => ({ name: entry.name, isFolder: entry.isDirectory() }));
  } catch (error) {
    const failure = folderError(error, path, root);
    if (failure.code === "GONE") return undefined;
    throw failure;
  }
  if (within) {
    const from = path === "/" ? 1 : path.length + 1;
    const end = after.indexOf("/", from);
    const segment = after.slice(from, end < 0 ? undefined : end);
    names = names.filter(({ name, isFolder }) => name > segment || (isFolder && name === segment));
  }
  // By code unit, as path order requires.
  names.sort((a, b) => (a.name < b.name ? 1 : -1));
  return { path, folder, names };
}
