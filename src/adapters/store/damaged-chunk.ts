import { AssetmillError, messageOf } from "../../core/errors.js";

/** What was stored with a chunk. INTERNAL, naming the chunk, where that cannot be read. */
export function readable<T>(chunk: number, unpack: () => T): T {
  try {
    return unpack();
  } catch (cause) {
    throw new AssetmillError("INTERNAL", `chunk ${chunk} is damaged in the store: ${messageOf(cause)}`, { cause });
  }
}
