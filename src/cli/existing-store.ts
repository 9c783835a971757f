import { existsSync } from "node:fs";
import { defaultStore } from "../composition/default-store.js";
import { invalidParameter } from "../core/errors.js";
import { parseStoreUri } from "../composition/uris.js";

/**
 * Returns the store's URI if the store exists: a mistyped name must not create a new, empty one. Only SQLite files are
 * checked here; a database server rejects unknown names itself.
 */
export function existingStore(store: string | undefined, assets = ""): string {
  const uri = store ?? defaultStore(assets);
  const parsed = parseStoreUri(uri);
  if (parsed.kind === "sqlite" && !existsSync(parsed.file))
    throw invalidParameter("store", `no store at ${parsed.file}; name an existing one with --store`);
  return uri;
}
