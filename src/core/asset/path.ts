import { invalidParameter } from "../errors.js";
import { isTooLong, lengthMessage } from "./path-length.js";

const FORBIDDEN = /[\u0000-\u001f\u007f-\u009f\\]/;

const LONE_SURROGATE = /\p{Cs}/u;

/**
 * Normalises a repository path: trims it, gives it a leading `/`, removes `//` and a trailing `/`. Does not apply NFC,
 * because JCR names are exact.
 * Throws INVALID_PARAMETER, naming `field`, for `.` and `..` segments, control characters and backslashes, and for more
 * than 4,096 bytes.
 */
export function normalisePath(raw: string, field = "path"): string {
  const trimmed = raw.trim();
  if (trimmed === "") throw invalidParameter(field, "must not be empty");
  if (FORBIDDEN.test(trimmed)) throw invalidParameter(field, "must not contain control characters or backslashes");
  if (LONE_SURROGATE.test(trimmed)) throw invalidParameter(field, "must be well-formed Unicode");
  const segments = trimmed.split("/").filter((segment) => segment !== "");
  if (segments.some((segment) => segment === "." || segment === "..")) {
    throw invalidParameter(field, 'must not contain "." or ".." segments');
  }
  const path = `/${segments.join("/")}`;
  if (isTooLong(path)) throw invalidParameter(field, lengthMessage(path));
  return path;
}

/** Compares by path order: depth first, segment by segment, siblings by UTF-16 code unit (`/a/b` before `/a-b`). */
export function comparePaths(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x === y) continue;
    if (x === SLASH) return -1;
    if (y === SLASH) return 1;
    return x - y;
  }
  return a.length - b.length;
}
const SLASH = 47;

/** Returns whether `path` is `root` or below it, by whole segments: `/a/bc` is not within `/a/b`. */
export function isWithin(path: string, root: string): boolean {
  if (root === "/") return true;
  return path.startsWith(root) && (path.length === root.length || path.charCodeAt(root.length) === SLASH);
}

/** Joins a folder and a name: `/a/b` and `c` give `/a/b/c`; `/` and `c` give `/c`. */
export const childPath = (folder: string, name: string): string => (folder === "/" ? `/${name}` : `${folder}/${name}`);

/** Returns the path one level up. The root's parent is the root. */
export const parentPath = (path: string): string => path.slice(0, path.lastIndexOf("/")) || "/";
