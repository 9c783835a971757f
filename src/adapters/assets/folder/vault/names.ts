/** Converts JCR names to FileVault's file names and back: `p:local` is `_p_local`; characters that files cannot have are `%xx`. */

const LOOKS_PREFIXED = /^_(?:_|[^_]+_)/;
const UNFIT = /[\\/:[\]|*"<>?%]/g;

export function jcrNameOf(fileName: string): string {
  return percentDecoded(withoutUnderscores(fileName));
}

/** A name that only looks prefixed is escaped by one more underscore. */
function withoutUnderscores(name: string): string {
  if (name.startsWith("__")) return name.slice(1);
  const [, prefix, local] = /^_([^_]+)_(.+)$/s.exec(name) ?? [];
  return prefix === undefined || local === undefined ? name : `${prefix}:${local}`;
}

export function fileNameOf(jcrName: string): string {
  const [, prefix, local] = /^([^:]+):([^:]+)$/s.exec(jcrName) ?? [];
  if (prefix !== undefined && local !== undefined) return `_${percentEncoded(prefix)}_${percentEncoded(local)}`;
  return percentEncoded(LOOKS_PREFIXED.test(jcrName) ? `_${jcrName}` : jcrName);
}

const percentEncoded = (name: string): string =>
  name.replace(UNFIT, (unit) => `%${unit.charCodeAt(0).toString(16).padStart(2, "0")}`);

const percentDecoded = (name: string): string => {
  try {
    return decodeURIComponent(name);
  } catch {
    // A percent sign that escapes nothing is literal.
    return name;
  }
};
