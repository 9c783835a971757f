import { AssetmillError, messageOf } from "../../core/errors.js";

/** Returns what `unpack` reads of a chunk. Throws INTERNAL, naming the chunk, if the stored bytes are damaged. */
export async function readable<T>(chunk: number, unpack: () => T | Promise<T>): Promise<T> {
  try {
    return await unpack();
  } catch (cause) {
    throw new AssetmillError("INTERNAL", `chunk ${chunk} is damaged in the store: ${messageOf(cause)}`, { cause });
  }
}
