import { MAX_PATH_BYTES, pathBytes } from "../../core/asset/path-length.js";
import { Dice } from "./random-tree.js";

/** Bytes of a name: all file systems and servers take so many. */
const NAME_BYTES = 140;

/** Alphabets whose characters take 1 to 4 bytes of UTF-8. Random texts of them cannot be compressed to a third. */
const ALPHABETS = [
  Array.from("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"),
  range(0x0430, 0x044f),
  range(0x4e00, 0x9fa5),
  range(0x20000, 0x2a6d6),
] as const;

function range(first: number, last: number): readonly string[] {
  return Array.from({ length: last - first + 1 }, (_, i) => String.fromCodePoint(first + i));
}

/** Returns a path of exactly so many bytes below `root`, of random names. */
function randomLong(dice: Dice, root: string, bytes: number, alphabet: readonly string[]): string {
  const each = pathBytes(alphabet[0] ?? "");
  let path = root === "/" ? "" : root;
  for (let left = bytes - pathBytes(path); left > 0; left = bytes - pathBytes(path)) {
    const most = left - 1;
    // Not so long that no more than a slash is left.
    const name = most <= NAME_BYTES ? most : most - NAME_BYTES < 2 ? NAME_BYTES - 2 : NAME_BYTES;
    const characters = Array.from({ length: Math.floor(name / each) }, () => dice.pick(alphabet)).join("");
    path += `/${characters}${"x".repeat(name % each)}`;
  }
  return path;
}

/**
 * Returns paths below `root` that an index may cut, or take for each other, none below another: of `maxBytes` exactly in
 * several scripts, and such as are alike up to a place, up to the last character even.
 */
export function longPaths(root: string, maxBytes: number = MAX_PATH_BYTES): readonly string[] {
  const dice = new Dice(14);
  const [ascii] = ALPHABETS;
  const longest = ALPHABETS.map((alphabet) => randomLong(dice, root, maxBytes, alphabet));
  const [plain = ""] = longest;
  const alike = [0.2, 0.3, 0.5, 0.9].map((share) => {
    const shared = plain.slice(0, plain.lastIndexOf("/", Math.floor(plain.length * share)));
    return randomLong(dice, shared, Math.min(maxBytes, pathBytes(shared) + 300), ascii);
  });
  const siblings = ["!", "~", "é"].map((last) => plain.slice(0, -2) + last);
  // Sort keys of 2,048 bytes, of one unit more and less.
  const lengths = [1_023, 1_024, 1_025].filter((length) => length + 100 < maxBytes);
  const around = lengths.map((length) => randomLong(dice, root, length, ascii));
  return [...longest, ...alike, ...siblings, ...around];
}

/** Returns `count` paths in one folder whose own path has most of the bytes that a path may have. */
export function deepSiblings(root: string, count: number, maxBytes: number = MAX_PATH_BYTES): readonly string[] {
  const folder = randomLong(new Dice(15), root, Math.floor(maxBytes * 0.9), ALPHABETS[0]);
  return Array.from({ length: count }, (_, i) => `${folder}/${String(i).padStart(4, "0")}.md`);
}

/** Returns a path that is one byte too long. */
export const tooLongPath = (root: string): string => randomLong(new Dice(16), root, MAX_PATH_BYTES + 1, ALPHABETS[0]);
