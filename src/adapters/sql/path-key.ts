/**
 * A path as bytes whose order is path order: UTF-16 code units, most significant byte first, with the slash below all
 * others. No path holds NUL.
 */
export function pathKey(path: string): Buffer {
  const key = Buffer.from(path.replaceAll("/", "\0"), "utf16le");
  return key.swap16();
}
