import { parentPath } from "../../../../core/asset/path.js";

/** Which names JCR can have, and how they are written into URLs. */

// Oak refuses more than the specification: blanks at the ends, which DavEx would also trim from a diff's path in silence.
const FORBIDDEN = /[/|*[\]\u0000-\u001f\u007f]|^\s|\s$|\p{Cs}/u;
// The first of same-name siblings has the name alone: with an index, each asset below it would have two paths.
const INDEX = /\[(?:[2-9]|[1-9]\d+)\]$/;

/** True for a name that a node can have: one `:` at most, with something on both sides; an index may follow. */
export function isReadableName(segment: string): boolean {
  const name = segment.replace(INDEX, "");
  if (name === "" || name === "." || name === ".." || FORBIDDEN.test(name)) return false;
  const colon = name.indexOf(":");
  return colon < 0 || (colon > 0 && colon < name.length - 1 && !name.includes(":", colon + 1));
}

/** True where every segment can be a node's name: one that cannot would fail a whole multi-read. */
export const isReadablePath = (path: string): boolean =>
  path === "/" || (path.startsWith("/") && path.slice(1).split("/").every(isReadableName));

/** True for a name that may be given to a new node: no prefix, no index. */
export const isNewName = (segment: string): boolean =>
  isReadableName(segment) && !segment.includes(":") && !segment.includes("[");

/** Each segment by itself; `;` would else begin a path parameter. The root gives "". */
export const encodedPath = (path: string): string =>
  path === "/" ? "" : path.split("/").map(encodeURIComponent).join("/");

/** A path and all above it, the root last. */
export function ancestorsOf(path: string): readonly string[] {
  const paths = [path];
  for (let at = path; at !== "/";) {
    at = parentPath(at);
    paths.push(at);
  }
  return paths;
}
