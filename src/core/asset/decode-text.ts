/** Decodes UTF-8, or UTF-16 if there is such a byte order mark. The mark is left out. */
export function decodeText(bytes: Uint8Array): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return new TextDecoder("utf-16le").decode(bytes);
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return new TextDecoder("utf-16be").decode(bytes);
  return UTF8.decode(bytes);
}
const UTF8 = new TextDecoder("utf-8");
