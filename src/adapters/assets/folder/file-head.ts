import { closeSync, openSync, readSync } from "node:fs";
import { READ_ONLY } from "./read-only.js";

/** Reads bytes from `position` into a buffer, and returns how many: often fewer than asked for, 0 only at the end. */
type ReadBytes = (into: Uint8Array, position: number) => number;

/** Returns the first `maxBytes` of a file, or all of a smaller one, and reads no byte beyond. Throws ELOOP on a link. */
export function readFileHead(file: string, maxBytes: number): Buffer {
  const fd = openSync(file, READ_ONLY);
  try {
    return readHead((into, position) => readSync(fd, into, 0, into.length, position), maxBytes);
  } finally {
    closeSync(fd);
  }
}

/** A short read is not the end: network file systems return what they have at hand. */
export function readHead(read: ReadBytes, maxBytes: number): Buffer {
  const head = Buffer.alloc(maxBytes);
  let length = 0;
  while (length < maxBytes) {
    const count = read(head.subarray(length), length);
    if (count === 0) break;
    length += count;
  }
  return head.subarray(0, length);
}
