import { existsSync, opendirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import type { Asset } from "../../../core/asset/asset.js";
import { childPath, comparePaths, isWithin } from "../../../core/asset/path.js";
import { admits, isExcluded, type Scope } from "../../../core/asset/scope.js";
import { assetOfFile } from "./asset-mapper.js";
import type { ScanOptions, ScanPage } from "../../../core/ports/asset-repository.js";
import { ScanPager } from "../../../core/ports/scan-pager.js";
import { folderError, unreadableAsset } from "./errors.js";
import { type ListedName, listNames } from "./listed-names.js";
import { TimeSlice } from "./time-slice.js";
import type { FolderTree, TreeFile } from "./tree.js";

/** A folder on the way down. */
interface Level {
  readonly path: string;
  readonly folder: string;
  /** Its remaining names, in reverse, so that the next one is last. Undefined until it is listed. */
  names: ListedName[] | undefined;
  /** Whether the scan resumes below it, after this name: only later ones remain. Undefined for a folder that is new. */
  readonly resumesAfter?: string;
  /** Whether an error ends the scan: a root must be readable, and so must a folder of which a part was already yielded. */
  readonly mustBeReadable?: boolean;
}

const sleep = (ms: number, signal?: AbortSignal): Promise<void> =>
  wait(ms, undefined, signal ? { signal } : {}).catch(() => {});

/**
 * Scans the scope's assets in path order. Memory holds the names of the folders on the way down to the current one, never
 * the whole tree. Something that cannot be read is yielded as such and costs nothing else.
 */
export async function* scanFolder(tree: FolderTree, scope: Scope, options: ScanOptions): AsyncGenerator<ScanPage> {
  const { after } = options;
  const pager = new ScanPager(options, () => performance.now(), sleep);
  const slice = new TimeSlice();
  let previous: string | undefined;
  // Every excluded path is met on the way down: an exact lookup is enough.
  const excluded = new Set(scope.excluded);
  for (const root of scope.roots) {
    if (isExcluded(scope, root)) continue;
    const levels = enter(tree, scope, root, after);
    for (let level = levels.at(-1); level; level = levels.at(-1)) {
      if (pager.isAborted) return;
      if (!level.names) {
        const { names, unreadable } = yield* pager.during(list(level, tree));
        level.names = names;
        if (after === undefined || comparePaths(level.path, after) > 0) pager.add(level.path, unreadable);
        if (pager.isDue) yield* pager.page();
        continue;
      }
      const next = level.names.pop();
      if (!next) {
        levels.pop();
        // A parent that the scan resumes in is listed next: an interrupted scan must not list this folder again.
        if (levels.length > 0 && !levels.at(-1)?.names) pager.add(childPath(level.path, AFTER_ALL_NAMES));
        continue;
      }
      const path = childPath(level.path, next.name);
      if (excluded.has(path)) continue;
      if (path === previous) continue; // a folder that changes while it is listed may show a name twice
      previous = path;
      const file = join(level.folder, next.name);
      if (tree.isHidden(next.name)) pager.hide(path);
      else if (next.isFolder && !next.bytes) {
        levels.push({ path, folder: file, names: undefined });
        // Passed before it is listed, which may take long: an interrupted scan resumes in it.
        if (mayBeListed(file)) pager.add(path);
      } else {
        const found = look(tree, path, level.folder, next);
        pager.add(path, found && admits(scope.filter, found) ? found : undefined);
      }
      if (pager.isDue) yield* pager.page();
      if (slice.isOver) await slice.turn();
    }
  }
  yield* pager.rest();
}

/** Longer than any file name, and after all of them in path order: it stands for the end of a folder. */
const AFTER_ALL_NAMES = "\uffff".repeat(256);

/** Whether a folder can be opened for listing. If not, the listing says why. */
function mayBeListed(folder: string): boolean {
  try {
    opendirSync(folder).closeSync();
    return true;
  } catch {
    return false;
  }
}

/** Returns the asset of a listed file, or of a folder that cannot be listed; undefined if it is neither, or is gone by now. */
function look(tree: FolderTree, path: string, folder: string, listed: ListedName): Asset | undefined {
  try {
    const found = lookAt(tree, path, () => tree.findBytes(folder, listed));
    const isOne = found?.stats.isFile() || (found?.unreadable && found.stats.isDirectory());
    return found && isOne ? assetOfFile(path, found) : undefined;
  } catch (error) {
    return unreadableAsset(error, path, tree.folder);
  }
}

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

/**
 * Returns the levels to begin a root with. For a folder that the scan resumes in, these are all folders down to the
 * position, so that the rest of the deepest one comes first and its parents are listed only after it: a walk that is
 * interrupted again and again makes progress all the same. For a file: the file alone.
 */
function enter(tree: FolderTree, scope: Scope, root: string, after: string | undefined): Level[] {
  const place = mountedAt(tree, root);
  if (isExcluded(scope, place)) return [];
  const file = tree.fileOf(place);
  const found = file === undefined ? undefined : lookAt(tree, place, () => tree.find(place));
  if (!found || file === undefined) return [];
  const isPassed = after !== undefined && comparePaths(place, after) <= 0;
  if (found.stats.isDirectory() && !found.unreadable) {
    if (!isPassed) return [{ path: place, folder: file, names: undefined, mustBeReadable: true }];
    return isWithin(after, place) ? resumed(tree, scope, { path: place, folder: file }, after) : [];
  }
  if (isPassed) return [];
  const cut = place.lastIndexOf("/");
  const name = place.slice(cut + 1);
  return [{ path: place.slice(0, cut) || "/", folder: join(file, ".."), names: [{ name, isFolder: false }] }];
}

/** The folders from `top` down to the position, and what lies below the position itself. None need exist any more. */
function resumed(tree: FolderTree, scope: Scope, top: Pick<Level, "path" | "folder">, after: string): Level[] {
  let { path, folder } = top;
  if (after === path) return [{ path, folder, names: undefined, mustBeReadable: true }];
  const levels: Level[] = [];
  const from = path === "/" ? 1 : path.length + 1;
  for (const name of after.slice(from).split("/")) {
    if (name === AFTER_ALL_NAMES) return levels;
    levels.push({ path, folder, names: undefined, resumesAfter: name, mustBeReadable: true });
    path = childPath(path, name);
    folder = join(folder, name);
    if (name === "" || isExcluded(scope, path) || tree.isHidden(name) || !isFolder(tree, folder)) return levels;
  }
  return [...levels, { path, folder, names: undefined }];
}

/** Whether a file name is a folder that a scan goes into: not a link to one, and not closed by now. */
function isFolder(tree: FolderTree, folder: string): boolean {
  try {
    const found = tree.findFile(folder);
    return found?.stats.isDirectory() === true && !found.unreadable;
  } catch {
    return false;
  }
}

/** A root above the mount starts at the mount: there is nothing else below it. */
const mountedAt = (tree: FolderTree, root: string): string => (isWithin(tree.mount, root) ? tree.mount : root);

/** Lists a level's remaining names, in reverse path order; none if the folder is gone. */
async function list(
  { path, folder, resumesAfter, mustBeReadable }: Level,
  tree: FolderTree,
): Promise<{ readonly names: ListedName[]; readonly unreadable?: Asset }> {
  let names: ListedName[];
  try {
    names = [...(await listNames(folder))];
  } catch (error) {
    const failure = folderError(error, path, tree.folder);
    if (failure.code === "GONE") return { names: [] };
    if (mustBeReadable) throw failure;
    return { names: [], unreadable: unreadableAsset(failure, path, tree.folder) };
  }
  if (resumesAfter !== undefined) names = names.filter(({ name }) => name > resumesAfter);
  // By code unit, as path order requires.
  names.sort((a, b) => (a.name < b.name ? 1 : -1));
  return { names };
}
