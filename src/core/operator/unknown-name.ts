import { invalidParameter } from "../errors.js";

/** The names that an object of type T may have. The compiler keeps the list complete. */
export type NamesOf<T> = Readonly<Record<keyof T, true>>;

/**
 * Throws INVALID_PARAMETER for the first property of the options that has no known name, with the nearest known one: a
 * mistyped option that is ignored would do what the caller meant to prevent. `within`: the option that holds these options.
 */
export function refuseUnknownOptions(options: unknown, known: Readonly<Record<string, true>>, within = ""): void {
  if (typeof options !== "object" || options === null || Array.isArray(options))
    throw invalidParameter(within || "options", "must be an object");
  const names = Object.keys(known);
  for (const name of Object.keys(options)) {
    if (names.includes(name)) continue;
    const field = within === "" ? name : `${within}.${name}`;
    throw invalidParameter(field, `unknown option${suggestion(name, names)}; known options are ${names.join(", ")}`);
  }
}

/** Returns `; did you mean "…"?` with the known name that is most likely meant; empty if none is near. */
export function suggestion(name: string, known: readonly string[]): string {
  const nearest = nearestName(name, known);
  return nearest === undefined ? "" : `; did you mean ${JSON.stringify(nearest)}?`;
}

/** Longer names are not compared: it costs the product of both lengths. */
const MAX_COMPARED = 100;

/** Returns the known name with the fewest typing mistakes to this one; undefined if more than two letters in five differ. */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  if (name.length > MAX_COMPARED) return undefined;
  const typed = name.toLowerCase();
  let nearest: string | undefined;
  let fewest = Number.POSITIVE_INFINITY;
  for (const candidate of known) {
    const mistakes = mistakesBetween(typed, candidate.toLowerCase());
    const most = Math.max(1, Math.floor(Math.max(typed.length, candidate.length) * 0.4));
    if (mistakes > most || mistakes >= fewest) continue;
    nearest = candidate;
    fewest = mistakes;
  }
  return nearest;
}

/** Returns whether a name is the known one but for its case or one typing mistake. */
export const isNearMiss = (name: string, known: string): boolean =>
  Math.abs(name.length - known.length) <= 1 && mistakesBetween(name.toLowerCase(), known.toLowerCase()) <= 1;

/** Counts the letters to insert, delete, replace or swap with their neighbour (optimal string alignment). */
function mistakesBetween(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let least = Math.min(at(last, j) + 1, at(row, j - 1) + 1, at(last, j - 1) + (same ? 0 : 1));
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) least = Math.min(least, at(beforeLast, j - 2) + 1);
      row.push(least);
    }
    beforeLast = last;
    last = row;
  }
  return at(last, b.length);
}

const at = (row: readonly number[], j: number): number => row[j] ?? Number.POSITIVE_INFINITY;
