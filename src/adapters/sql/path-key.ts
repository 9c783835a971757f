/**
 * Returns a path's sort key: bytes whose binary order is path order. They are the UTF-16 code units in big-endian order,
 * with NUL, which no path contains, in place of the slash, so that it sorts first.
 */
export function pathKey(path: string): Buffer {
  const key = Buffer.from(path.replaceAll("/", "\0"), "utf16le");
  return key.swap16();
}
