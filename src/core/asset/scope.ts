import type { Asset } from "./asset.js";
import type { FileType } from "./file-type.js";
import { comparePaths, isWithin } from "./path.js";

/** Inclusive bounds on what a job takes; an empty list of types means all. */
export interface ScopeFilter {
  readonly fileTypes: readonly FileType[];
  readonly createdFromMs?: number;
  readonly createdToMs?: number;
}

/** The question asked of an AssetRepository. Roots are in path order, none inside another. */
export interface Scope {
  readonly roots: readonly string[];
  readonly excluded: readonly string[];
  readonly filter: ScopeFilter;
}

/** A scope from normalised paths: roots sorted in path order, those inside another dropped. */
export function scopeOf(roots: readonly string[], excluded: readonly string[], filter: ScopeFilter): Scope {
  const sorted = [...new Set(roots)].sort(comparePaths);
  const outer = sorted.filter((root) => !sorted.some((other) => other !== root && isWithin(root, other)));
  return { roots: outer, excluded: [...new Set(excluded)], filter };
}

/** True where the request itself leaves this path, and all below it, out. */
export const isExcluded = (scope: Scope, path: string): boolean =>
  scope.excluded.some((excluded) => isWithin(path, excluded));

/** True where the path lies in the scope's tree. */
export const covers = (scope: Scope, path: string): boolean =>
  scope.roots.some((root) => isWithin(path, root)) && !isExcluded(scope, path);

/** True where the filter lets this asset through; says nothing about its path. */
export function admits(filter: ScopeFilter, asset: Asset): boolean {
  if (filter.fileTypes.length > 0 && !filter.fileTypes.includes(asset.fileType)) return false;
  if (filter.createdFromMs !== undefined && asset.createdMs < filter.createdFromMs) return false;
  if (filter.createdToMs !== undefined && asset.createdMs > filter.createdToMs) return false;
  return true;
}

/** True where some path may lie in both trees: one's root in the other's, and no exclusion of either covers it. */
export function overlaps(a: Scope, b: Scope): boolean {
  return a.roots.some((x) =>
    b.roots.some((y) => {
      const deeper = isWithin(x, y) ? x : isWithin(y, x) ? y : undefined;
      return deeper !== undefined && !isExcluded(a, deeper) && !isExcluded(b, deeper);
    }),
  );
}
