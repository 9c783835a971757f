import { existsSync } from "node:fs";
import { DEFAULT_STORE } from "../container.js";
import { invalidParameter } from "../core/errors.js";
import { parseStoreUri } from "../uris.js";

/** The store's URI, if there is a store: a mistyped name must not make a new, empty one. */
export function existingStore(store: string | undefined): string {
  const uri = store ?? DEFAULT_STORE;
  const { file } = parseStoreUri(uri);
  if (!existsSync(file)) throw invalidParameter("store", `there is no store ${file}; name one with --store`);
  return uri;
}
