/**
 * Path order and "lies within", implemented directly from their definition, so that no adapter is tested with its own
 * code.
 */

const segmentsOf = (path: string): readonly string[] => path.split("/").filter((segment) => segment !== "");

function compareSegments(a: string, b: string): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    if (a.charCodeAt(i) !== b.charCodeAt(i)) return a.charCodeAt(i) - b.charCodeAt(i);
  }
  return a.length - b.length;
}

/** Compares segment by segment, each by UTF-16 code unit, the shorter first. */
export function referenceOrder(a: string, b: string): number {
  const [x, y] = [segmentsOf(a), segmentsOf(b)];
  for (const [i, segment] of x.entries()) {
    const other = y[i];
    if (other === undefined) return 1;
    const order = compareSegments(segment, other);
    if (order !== 0) return order;
  }
  return x.length - y.length;
}

/** Returns whether the first segments of `path` are those of `folder`. */
export function liesWithin(path: string, folder: string): boolean {
  const segments = segmentsOf(path);
  return segmentsOf(folder).every((segment, i) => segments[i] === segment);
}
