import { parentPath } from "../../../../core/asset/path.js";

/** Rules for JCR names, and their form in URLs. */

// Oak is stricter than the specification: it rejects blanks at the ends, which DavEx silently trims from a diff's path.
const FORBIDDEN = /[/|*[\]\u0000-\u001f\u007f]|^\s|\s$|\p{Cs}/u;
// `[1]` is not accepted: the first of same-name siblings is known by its plain name, or assets below it would have two paths.
const INDEX = /\[(?:[2-9]|[1-9]\d+)\]$/;

/** Returns whether a node can have this name: at most one `:`, with text on both sides; an index may follow. */
export function isReadableName(segment: string): boolean {
  const name = segment.replace(INDEX, "");
  if (name === "" || name === "." || name === ".." || FORBIDDEN.test(name)) return false;
  const colon = name.indexOf(":");
  return colon < 0 || (colon > 0 && colon < name.length - 1 && !name.includes(":", colon + 1));
}

/** Returns whether every segment can be a node's name. One that cannot would fail a whole multi-read. */
export const isReadablePath = (path: string): boolean =>
  path === "/" || (path.startsWith("/") && path.slice(1).split("/").every(isReadableName));

/** Returns whether a new node may get this name: it has no prefix and no index. */
export const isNewName = (segment: string): boolean =>
  isReadableName(segment) && !segment.includes(":") && !segment.includes("[");

/** Encodes each segment of a path; an unencoded `;` would begin a path parameter. Returns "" for the root. */
export const encodedPath = (path: string): string =>
  path === "/" ? "" : path.split("/").map(encodeURIComponent).join("/");

/** Returns a path and all its ancestors, the root last. */
export function ancestorsOf(path: string): readonly string[] {
  const paths = [path];
  for (let at = path; at !== "/";) {
    at = parentPath(at);
    paths.push(at);
  }
  return paths;
}
