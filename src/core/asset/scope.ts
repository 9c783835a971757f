import type { Asset } from "./asset.js";
import type { FileType } from "./file-type.js";
import { comparePaths, isWithin } from "./path.js";

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
  const sorted = [...new Set(roots)].sort(comparePaths);
  const outer = sorted.filter((root) => !sorted.some((other) => other !== root && isWithin(root, other)));
  return { roots: outer, excluded: [...new Set(excluded)], filter };
}

/** Returns whether the scope excludes this path and everything below it. */
export const isExcluded = (scope: Scope, path: string): boolean =>
  scope.excluded.some((excluded) => isWithin(path, excluded));

/** Returns whether the path is within the scope's roots and not excluded. Ignores the filter. */
export const covers = (scope: Scope, path: string): boolean =>
  scope.roots.some((root) => isWithin(path, root)) && !isExcluded(scope, path);

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
export function overlaps(a: Scope, b: Scope): boolean {
  return a.roots.some((x) =>
    b.roots.some((y) => {
      const deeper = isWithin(x, y) ? x : isWithin(y, x) ? y : undefined;
      return deeper !== undefined && !isExcluded(a, deeper) && !isExcluded(b, deeper);
    }),
  );
}
