/** The target of a reference, resolved relative to the file that contains it. */
export type Resolved =
  | {
      readonly place: "inside";
      readonly path: string;
      readonly query: string;
      readonly fragment?: string;
      readonly warning?: string;
    }
  | { readonly place: "outside"; readonly url: string }
  | { readonly place: "nowhere"; readonly reason: string };

// At least two characters: a single letter before a colon is a Windows drive.
const SCHEME = /^[a-z][a-z0-9+.-]+:/i;
const DRIVE = /^[a-z]:/i;
// Escapes of characters that no name contains stay encoded: / would split the path, and no repository allows NUL.
const ESCAPES = /(?:%(?!2f|00)[0-9a-f]{2})+/gi;
const ASCII_ESCAPE = /%[0-7][0-9a-f]/gi;

/**
 * Resolves a reference in the asset at `from`. Never throws and looks nothing up. Only a scheme, a leading `//` or
 * `scope="external"` leads outside, so a file called `HTTPserver.dita` is inside. Escapes are decoded as UTF-8; invalid ones
 * and the query are kept as written. `xml:base` is ignored: DITA does not use it.
 */
export function resolveHref(href: string, from: string, scope?: string): Resolved {
  if (scope === "external") return { place: "outside", url: href };
  if (DRIVE.test(href) && !SCHEME.test(href)) return { place: "nowhere", reason: "is a Windows path" };
  if (href.startsWith("\\\\")) return { place: "nowhere", reason: "is a Windows network path" };
  if (SCHEME.test(href) || href.startsWith("//")) return { place: "outside", url: href };
  const hash = href.indexOf("#");
  const beforeHash = hash < 0 ? href : href.slice(0, hash);
  const fragment = hash < 0 ? "" : decode(href.slice(hash + 1));
  const mark = beforeHash.indexOf("?");
  const written = mark < 0 ? beforeHash : beforeHash.slice(0, mark);
  const path = written === "" ? from : absolute(written.replaceAll("\\", "/"), from);
  if (path === undefined) return { place: "nowhere", reason: "climbs above the root of the repository" };
  return {
    place: "inside",
    path,
    query: mark < 0 ? "" : beforeHash.slice(mark),
    ...(fragment === "" ? {} : { fragment }),
    ...(written.includes("\\") ? { warning: "contains backslashes, read as slashes" } : {}),
  };
}

/** Returns the absolute path, or undefined if it would climb above the root. */
function absolute(written: string, from: string): string | undefined {
  const path = written.startsWith("/") ? [] : from.split("/").slice(1, -1);
  for (const raw of written.split("/")) {
    const segment = decode(raw);
    if (segment === "" || segment === ".") continue;
    if (segment !== "..") path.push(segment);
    else if (path.pop() === undefined) return undefined;
  }
  return `/${path.join("/")}`;
}

const decode = (text: string): string => (text.includes("%") ? text.replace(ESCAPES, decodeRun) : text);

function decodeRun(run: string): string {
  try {
    return decodeURIComponent(run);
  } catch {
    return run.replace(ASCII_ESCAPE, decodeURIComponent);
  }
}
