import type { Asset } from "../../../../core/asset/asset.js";
import { childPath, comparePaths, isWithin } from "../../../../core/asset/path.js";
import type { ScanOptions, ScanPage } from "../../../../core/ports/asset-repository.js";
import { ScanPager } from "../../../../core/ports/scan-pager.js";
import { admits, isExcluded, type Scope } from "../../../../core/asset/scope.js";
import { folderError, unreadableAsset } from "../errors.js";
import { TimeSlice } from "../time-slice.js";
import type { VaultTree } from "./tree.js";

interface Step {
  readonly path: string;
  readonly isHidden: boolean;
}

/** A folder on the way down: its remaining steps, in reverse. */
type Level = Step[];

/** Like `scanFolder`, over a FileVault layout: by JCR names, which sort differently from the file names. */
export async function* scanVault(vault: VaultTree, scope: Scope, options: ScanOptions): AsyncGenerator<ScanPage> {
  const { after } = options;
  const pager = new ScanPager(options, () => performance.now());
  const slice = new TimeSlice();
  for (const root of scope.roots) {
    const begin = isWithin(vault.tree.mount, root) ? vault.tree.mount : root;
    if (isExcluded(scope, root) || isExcluded(scope, begin)) continue;
    const levels: Level[] = [[{ path: begin, isHidden: false }]];
    for (let level = levels.at(-1); level; level = levels.at(-1)) {
      if (pager.isAborted) return;
      const step = level.pop();
      if (step === undefined) {
        levels.pop();
        continue;
      }
      const { path } = step;
      if (isExcluded(scope, path) || isBehind(path, after)) continue;
      const isNew = after === undefined || comparePaths(path, after) > 0;
      if (step.isHidden) {
        if (isNew) pager.hide(path);
        continue;
      }
      const { asset, names } = look(vault, path, path === begin || isAbove(path, after));
      if (names) levels.push(names);
      pager.add(path, asset && isNew && admits(scope.filter, asset) ? asset : undefined);
      if (pager.isDue) yield* pager.page();
      if (slice.isOver) await slice.turn();
    }
  }
  yield* pager.rest();
}

/** Whether the path and all below it lie before the position. */
const isBehind = (path: string, after: string | undefined): boolean =>
  after !== undefined && comparePaths(path, after) < 0 && !isWithin(after, path);

/** Whether the position lies below the path. */
const isAbove = (path: string, after: string | undefined): boolean =>
  after !== undefined && after !== path && isWithin(after, path);

/**
 * Returns the asset at a path, or what lies below it. A root that cannot be read ends the scan, as does a folder of which
 * a part was already yielded.
 */
function look(
  vault: VaultTree,
  path: string,
  mustBeReadable: boolean,
): { readonly asset?: Asset; readonly names?: Level } {
  try {
    const node = vault.at(path);
    if (node?.kind === "asset") return { asset: node.asset };
    return node ? { names: below(vault, path) } : {};
  } catch (error) {
    const failure = folderError(error, path, vault.tree.folder);
    if (failure.code === "GONE") return {};
    if (mustBeReadable) throw failure;
    return { asset: unreadableAsset(failure, path, vault.tree.folder) };
  }
}

function below(vault: VaultTree, path: string): Level {
  const steps = vault.names(path).map(({ name, isHidden }) => ({ path: childPath(path, name), isHidden }));
  return steps.sort((a, b) => (a.path < b.path ? 1 : -1));
}
