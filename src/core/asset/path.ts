import { invalidParameter } from "../errors.js";
import { isTooLong, lengthMessage } from "./path-length.js";

const LONE_SURROGATE = /\p{Cs}/u;

/** Legal in names, but in a path that does not begin with `/` rather a sign of a file name or of a stray line break. */
const ODD = /[\u0000-\u001f\u007f-\u009f\\]/;

/**
 * Normalises a repository path: gives it a leading `/`, removes `//` and a trailing `/`. Names stay exactly as they are,
 * blanks at their ends, backslashes and control characters included, because each of them is a name in some repository:
 * every path that a scan yields is normal. Does not apply NFC for the same reason.
 * Throws INVALID_PARAMETER, naming `field`, for `.` and `..` segments, NUL, a blank before the leading `/`, and, in a path
 * without a leading `/`, control characters and backslashes; and for more than 4,096 bytes.
 */
export function normalisePath(raw: string, field = "path"): string {
  if (raw.trim() === "") throw invalidParameter(field, "must not be empty");
  if (/^\s+\//.test(raw)) throw invalidParameter(field, 'must not have a blank before its leading "/"');
  if (raw.includes("\u0000")) throw invalidParameter(field, "must not contain the control character NUL");
  if (!raw.startsWith("/") && ODD.test(raw))
    throw invalidParameter(field, 'must begin with "/" if it contains control characters or backslashes');
  if (LONE_SURROGATE.test(raw)) throw invalidParameter(field, "must be well-formed Unicode");
  const segments = raw.split("/").filter((segment) => segment !== "");
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

/** Returns all paths above this one, the nearest first. */
export function ancestorsOf(path: string): readonly string[] {
  const ancestors: string[] = [];
  for (let at = path; at !== "/";) {
    at = parentPath(at);
    ancestors.push(at);
  }
  return ancestors;
}
