/** Seeded random numbers, so that a failure can be reproduced. */
export class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  /** Returns a number from 0 to `below` - 1. */
  roll(below: number): number {
    // The steps of mulberry32.
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

/** Characters that sort before "/", have a meaning in URIs, or need more than 16 bits. */
const UNITS = ["a", "b", "A", "0", "1", "-", ".", " ", "!", "%", "+", "#", "é", "\uff5e", "\u{1f600}", "\u{10000}"];

/** Returns a random name of an asset or folder. */
function randomName(dice: Dice): string {
  for (;;) {
    const name = Array.from({ length: 1 + dice.roll(3) }, () => dice.pick(UNITS)).join("");
    if (name !== "." && name !== "..") return name;
  }
}

/** Returns a random path of one to four segments. */
export const randomPath = (dice: Dice): string =>
  Array.from({ length: 1 + dice.roll(4) }, () => `/${randomName(dice)}`).join("");

/** Returns those paths that can be assets of one tree, so that none is below another. */
export function asTree(paths: readonly string[]): readonly string[] {
  const unique = [...new Set(paths)];
  return unique.filter((path) => !unique.some((other) => other.startsWith(`${path}/`)));
}

/** Returns a random tree of one to twelve assets. */
export const randomTree = (dice: Dice): readonly string[] =>
  asTree(Array.from({ length: 1 + dice.roll(12) }, () => randomPath(dice)));
