import { AssetmillError } from "../errors.js";

/** Length of the longest path that is processed, in bytes of UTF-8. Every repository and store keeps paths up to it. */
export const MAX_PATH_BYTES = 4_096;

/** Returns a path's length in bytes of UTF-8. */
export function pathBytes(path: string): number {
  let bytes = 0;
  for (let i = 0; i < path.length; i++) {
    const unit = path.charCodeAt(i);
    // The four bytes of a surrogate pair count for its first half; one that stands alone becomes U+FFFD, of three bytes.
    const isPair = (unit & 0xfc00) === 0xd800 && (path.charCodeAt(i + 1) & 0xfc00) === 0xdc00;
    if (isPair) i++;
    bytes += isPair ? 4 : unit < 0x80 ? 1 : unit < 0x800 ? 2 : 3;
  }
  return bytes;
}

/** Whether a path is longer than `MAX_PATH_BYTES`. Cheap for short ones: no UTF-16 code unit takes more than three bytes. */
export const isTooLong = (path: string): boolean =>
  path.length * 3 > MAX_PATH_BYTES && pathBytes(path) > MAX_PATH_BYTES;

/** Says how long a path may be, and how long this one is. */
export const lengthMessage = (path: string): string =>
  `must have at most ${grouped(MAX_PATH_BYTES)} bytes (UTF-8), not ${grouped(pathBytes(path))}`;

const grouped = (count: number): string => String(count).replace(/\B(?=(?:\d{3})+$)/g, ",");

/** Throws WRITE_FAILED if an asset's path is too long to be stored. */
export function refuseTooLong(path: string): void {
  if (isTooLong(path)) throw new AssetmillError("WRITE_FAILED", `its path ${lengthMessage(path)}`, { ids: { path } });
}
