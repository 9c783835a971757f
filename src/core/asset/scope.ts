import type { Asset } from "./asset.js";
import type { FileType } from "./file-type.js";
import { comparePaths, isWithin } from "./path.js";
import { PathSet } from "./path-set.js";

/** Restricts a job to some assets. Times are inclusive. An empty list of types means all types. */
export interface ScopeFilter {
  readonly fileTypes: readonly FileType[];
  readonly createdFromMs?: number;
  readonly createdToMs?: number;
}

/** The assets that an AssetRepository is asked for. Roots are in path order, and none is inside another. */
export interface Scope {
  readonly roots: readonly string[];
  readonly excluded: readonly string[];
  readonly filter: ScopeFilter;
}

/** Makes a scope from normalised paths: sorts roots in path order and drops those inside another. */
export function scopeOf(roots: readonly string[], excluded: readonly string[], filter: ScopeFilter): Scope {
  const outer: string[] = [];
  for (const root of [...new Set(roots)].sort(comparePaths)) {
    // In path order, whatever is inside a root follows it at once.
    const last = outer.at(-1);
    if (last === undefined || !isWithin(root, last)) outer.push(root);
  }
  return { roots: outer, excluded: [...new Set(excluded)], filter };
}

/** A scope's lists, made for lookups when first needed: a scan asks for each path, and each list may have thousands. */
const sets = new WeakMap<readonly string[], PathSet>();

function setOf(paths: readonly string[]): PathSet {
  const known = sets.get(paths);
  if (known) return known;
  const set = new PathSet(paths);
  sets.set(paths, set);
  return set;
}

/** Returns whether the scope excludes this path and everything below it. */
export const isExcluded = (scope: Scope, path: string): boolean => setOf(scope.excluded).contains(path);

/** Returns whether the path is within the scope's roots and not excluded. Ignores the filter. */
export const covers = (scope: Scope, path: string): boolean =>
  setOf(scope.roots).contains(path) && !isExcluded(scope, path);

/**
 * Returns whether the filter admits this asset. Ignores its path. Admits what cannot be read: its type and times are
 * unknown, and leaving it out would hide that.
 */
export function admits(filter: ScopeFilter, asset: Asset): boolean {
  if (asset.unreadable) return true;
  if (filter.fileTypes.length > 0 && !filter.fileTypes.includes(asset.fileType)) return false;
  if (filter.createdFromMs !== undefined && asset.createdMs < filter.createdFromMs) return false;
  if (filter.createdToMs !== undefined && asset.createdMs > filter.createdToMs) return false;
  return true;
}

/** Returns whether a path may be in both scopes: a root of one is within the other, and neither excludes it. */
export const overlaps = (a: Scope, b: Scope): boolean =>
  a.roots.some((root) => covers(b, root) && !isExcluded(a, root)) ||
  b.roots.some((root) => covers(a, root) && !isExcluded(b, root));
