import { ancestorsOf } from "../../../core/asset/path.js";
import { PathSet } from "../../../core/asset/path-set.js";
import type { Scope } from "../../../core/asset/scope.js";
import { pathKey } from "../../sql/path-key.js";

const SLASH = Buffer.of(0, 0);

/** Returns the prefix of all keys below a path. */
const below = (path: string): Buffer => (path === "/" ? SLASH : Buffer.concat([pathKey(path), SLASH]));

/** Returns the first key after all that lies below a path. */
function behind(path: string): Buffer {
  const end = Buffer.from(below(path));
  end[end.length - 1] = 1;
  return end;
}

/** Keys from `from` (inclusive) to `to` (exclusive). */
export interface KeyRange {
  readonly from: Buffer;
  readonly to: Buffer;
}

/** Returns the keys below a path, without the path itself. */
export const keysBelow = (path: string): KeyRange => ({ from: below(path), to: behind(path) });

/**
 * Returns what a scope covers as ranges of keys, in order: its roots, including themselves, without excluded paths.
 * `after`: only what follows this path.
 */
export function keyRanges({ roots, excluded }: Pick<Scope, "roots" | "excluded">, after?: string): readonly KeyRange[] {
  // The smallest key after that of `after` is that key plus one unit.
  const least = after === undefined ? undefined : Buffer.concat([pathKey(after), SLASH]);
  const out = new PathSet(excluded);
  const within = byRoot(roots, excluded);
  return roots
    .filter((root) => !out.contains(root))
    .flatMap((root) => parts(root, within.get(root) ?? []))
    .flatMap(({ from, to }) => {
      if (!least || Buffer.compare(from, least) >= 0) return [{ from, to }];
      return Buffer.compare(least, to) < 0 ? [{ from: least, to }] : [];
    });
}

/** Returns the excluded paths below each root. Both lists may have thousands. */
function byRoot(roots: readonly string[], excluded: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>(roots.map((root) => [root, []]));
  for (const path of excluded) {
    for (const at of [path, ...ancestorsOf(path)]) found.get(at)?.push(path);
  }
  return found;
}

function parts(root: string, excluded: readonly string[]): readonly KeyRange[] {
  // Siblings such as /a-b sort after all that lies below /a: a path and its tree are one range.
  const whole = { from: pathKey(root), to: behind(root) };
  const holes = excluded
    .map((path) => ({ from: pathKey(path), to: behind(path) }))
    .sort((a, b) => Buffer.compare(a.from, b.from));
  const ranges: KeyRange[] = [];
  let from = whole.from;
  for (const hole of holes) {
    if (Buffer.compare(from, hole.from) < 0) ranges.push({ from, to: hole.from });
    if (Buffer.compare(from, hole.to) < 0) from = hole.to;
  }
  if (Buffer.compare(from, whole.to) < 0) ranges.push({ from, to: whole.to });
  return ranges;
}
