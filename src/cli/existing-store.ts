import { existsSync } from "node:fs";
import { defaultStore } from "../composition/default-store.js";
import { invalidParameter } from "../core/errors.js";
import { parseStoreUri } from "../composition/uris.js";

/**
 * The store's URI, if there is a store: a mistyped name must not make a new, empty one. A server's database is asked for by
 * name alone, and refuses those that it does not have.
 */
export function existingStore(store: string | undefined, assets = ""): string {
  const uri = store ?? defaultStore(assets);
  const parsed = parseStoreUri(uri);
  if (parsed.kind === "sqlite" && !existsSync(parsed.file))
    throw invalidParameter("store", `there is no store ${parsed.file}; name one with --store`);
  return uri;
}
