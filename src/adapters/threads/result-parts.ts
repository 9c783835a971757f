import type { AssetReference, HandlerResult, PropertyValue } from "../../core/asset/handler-result.js";

/**
 * A piece of a large result. A thread sends one only when the main thread has taken the one before: receiving 100,000
 * references at once would block it for longer than it may.
 */
export type ResultPart =
  | { readonly references: readonly AssetReference[] }
  | { readonly property: string; readonly values: readonly string[] };

/** Number of values in a part, and in a list that is sent with the rest of its result. */
const PART_VALUES = 5_000;

/** Splits a result into parts of its long lists, in order, and the rest of it. */
export function splitResult(result: HandlerResult): {
  readonly parts: readonly ResultPart[];
  readonly rest: HandlerResult;
} {
  const { references = [], properties = {} } = result;
  const parts: ResultPart[] = [];
  const short: Record<string, PropertyValue> = {};
  for (const [property, value] of Object.entries(properties)) {
    const isLong = typeof value === "object" && value.length > PART_VALUES;
    // Its place among the properties stays.
    short[property] = isLong ? [] : value;
    if (isLong) for (const values of slicesOf(value)) parts.push({ property, values });
  }
  if (references.length > PART_VALUES) for (const slice of slicesOf(references)) parts.push({ references: slice });
  if (parts.length === 0) return { parts, rest: result };
  return {
    parts,
    rest: {
      ...result,
      ...(result.properties === undefined ? {} : { properties: short }),
      ...(references.length > PART_VALUES ? { references: [] } : {}),
    },
  };
}

function* slicesOf<T>(list: readonly T[]): Generator<readonly T[]> {
  for (let at = 0; at < list.length; at += PART_VALUES) yield list.slice(at, at + PART_VALUES);
}

/** Puts the parts of a result together. */
export class TakenParts {
  readonly #references: AssetReference[] = [];
  readonly #properties = new Map<string, string[]>();

  take(part: ResultPart): void {
    if ("references" in part) {
      for (const reference of part.references) this.#references.push(reference);
      return;
    }
    const values = this.#properties.get(part.property) ?? [];
    this.#properties.set(part.property, values);
    for (const value of part.values) values.push(value);
  }

  /** Returns the whole result. */
  with(rest: HandlerResult): HandlerResult {
    return {
      ...rest,
      ...(this.#properties.size === 0
        ? {}
        : { properties: { ...rest.properties, ...Object.fromEntries(this.#properties) } }),
      ...(this.#references.length === 0 ? {} : { references: this.#references }),
    };
  }
}
