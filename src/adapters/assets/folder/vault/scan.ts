import { setImmediate as turn } from "node:timers/promises";
import type { Asset } from "../../../../core/asset/asset.js";
import { childPath, comparePaths, isWithin } from "../../../../core/asset/path.js";
import type { ScanPage } from "../../../../core/ports/asset-repository.js";
import { admits, isExcluded, type Scope } from "../../../../core/asset/scope.js";
import { folderError } from "../errors.js";
import type { WalkOptions } from "../scan.js";
import type { VaultNode, VaultTree } from "./tree.js";

const SLICE_MS = 5;
const PAGE_EVERY_MS = 200;

/** A folder on the way: its paths still to come, in reverse. */
type Level = string[];

/** Like `walkFolder`, over a FileVault layout: by names as JCR has them, which sort otherwise than those of the files. */
export async function* walkVault(vault: VaultTree, scope: Scope, options: WalkOptions): AsyncGenerator<ScanPage> {
  const { after, pageSize, signal } = options;
  let assets: Asset[] = [];
  let upTo = after;
  let sliceStarted = performance.now();
  let yielded = sliceStarted;
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
      if (signal?.aborted) return;
      const path = level.pop();
      if (path === undefined) {
        levels.pop();
        continue;
      }
      if (isExcluded(scope, path) || isBehind(path, after)) continue;
      const node = at(path);
      if (node?.kind === "folder") levels.push(below(vault, path));
      else if (node && (after === undefined || comparePaths(path, after) > 0)) {
        if (admits(scope.filter, node.asset)) assets.push(node.asset);
        upTo = path;
      }
      const nowMs = performance.now();
      if (upTo !== undefined && (assets.length >= pageSize || nowMs - yielded > PAGE_EVERY_MS)) {
        yield { assets, upTo };
        assets = [];
        yielded = performance.now();
      }
      if (nowMs - sliceStarted > SLICE_MS) {
        await turn();
        sliceStarted = performance.now();
      }
    }
  }
  if (assets.length > 0 && upTo !== undefined) yield { assets, upTo };
}

/** All of it lies before the position. */
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
