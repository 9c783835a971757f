/** Numbers that look random and come again for the same seed, so that a failure can be repeated. */
export class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  /** 0 to `below` - 1. */
  roll(below: number): number {
    // mulberry32's steps.
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let bits = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits;
    return Math.floor((((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32) * below);
  }

  pick<T>(list: readonly T[]): T {
    const picked = list[this.roll(list.length)];
    if (picked === undefined) throw new Error("nothing to pick from");
    return picked;
  }
}

/** Whatever sorts on the wrong side of "/" in plain string order, means something in URIs, or is beyond 16 bits. */
const UNITS = ["a", "b", "A", "0", "1", "-", ".", " ", "!", "%", "+", "#", "é", "\uff5e", "\u{1f600}", "\u{10000}"];

/** A name as an asset or a folder may have it. */
function randomName(dice: Dice): string {
  for (;;) {
    const name = Array.from({ length: 1 + dice.roll(3) }, () => dice.pick(UNITS)).join("");
    if (name !== "." && name !== "..") return name;
  }
}

/** A path of one to four segments. */
export const randomPath = (dice: Dice): string =>
  Array.from({ length: 1 + dice.roll(4) }, () => `/${randomName(dice)}`).join("");

/** Paths that can be assets of one tree: none lies below another. */
export function asTree(paths: readonly string[]): readonly string[] {
  const unique = [...new Set(paths)];
  return unique.filter((path) => !unique.some((other) => other.startsWith(`${path}/`)));
}

/** One to twelve assets. */
export const randomTree = (dice: Dice): readonly string[] =>
  asTree(Array.from({ length: 1 + dice.roll(12) }, () => randomPath(dice)));
