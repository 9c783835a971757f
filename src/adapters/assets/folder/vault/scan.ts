import { childPath, comparePaths, isWithin } from "../../../../core/asset/path.js";
import type { ScanOptions, ScanPage } from "../../../../core/ports/asset-repository.js";
import { ScanPager } from "../../../../core/ports/scan-pager.js";
import { admits, isExcluded, type Scope } from "../../../../core/asset/scope.js";
import { folderError } from "../errors.js";
import { TimeSlice } from "../time-slice.js";
import type { VaultNode, VaultTree } from "./tree.js";

/** A folder on the way down: its remaining paths, in reverse. */
type Level = string[];

/** Like `scanFolder`, over a FileVault layout: by JCR names, which sort differently from the file names. */
export async function* scanVault(vault: VaultTree, scope: Scope, options: ScanOptions): AsyncGenerator<ScanPage> {
  const { after } = options;
  const pager = new ScanPager(options, () => performance.now());
  const slice = new TimeSlice();
  const at = (path: string): VaultNode | undefined => {
    try {
      return vault.at(path);
    } catch (error) {
      throw folderError(error, path, vault.tree.folder);
    }
  };
  for (const root of scope.roots) {
    const begin = isWithin(vault.tree.mount, root) ? vault.tree.mount : root;
    if (isExcluded(scope, root) || isExcluded(scope, begin)) continue;
    const levels: Level[] = [[begin]];
    for (let level = levels.at(-1); level; level = levels.at(-1)) {
      if (pager.isAborted) return;
      const path = level.pop();
      if (path === undefined) {
        levels.pop();
        continue;
      }
      if (isExcluded(scope, path) || isBehind(path, after)) continue;
      const node = at(path);
      if (node?.kind === "folder") levels.push(below(vault, path));
      const isNew = after === undefined || comparePaths(path, after) > 0;
      const asset = node?.kind === "asset" && isNew ? node.asset : undefined;
      pager.add(path, asset && admits(scope.filter, asset) ? asset : undefined);
      if (pager.isDue) yield* pager.page();
      if (slice.isOver) await slice.turn();
    }
  }
  yield* pager.rest();
}

/** Whether the path and all below it lie before the position. */
const isBehind = (path: string, after: string | undefined): boolean =>
  after !== undefined && comparePaths(path, after) < 0 && !isWithin(after, path);

function below(vault: VaultTree, path: string): Level {
  try {
    const names = vault.names(path) ?? [];
    return names.map((name) => childPath(path, name)).sort((a, b) => (a < b ? 1 : -1));
  } catch (error) {
    const failure = folderError(error, path, vault.tree.folder);
    if (failure.code === "GONE") return [];
    throw failure;
  }
}
