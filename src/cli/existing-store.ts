import { statSync } from "node:fs";
import { defaultStore } from "../composition/default-store.js";
import { invalidParameter } from "../core/errors.js";
import { parseAssetsUri, parseStoreUri } from "../composition/uris.js";

/**
 * Returns the store's URI if the store exists: a mistyped name must not create a new, empty one. Only SQLite files are
 * checked here; a database server rejects unknown names itself.
 */
export function existingStore(store: string | undefined, assets = ""): string {
  const uri = store ?? defaultStore(assets);
  const parsed = parseStoreUri(uri);
  if (parsed.kind === "sqlite" && isMissing(parsed.file))
    throw invalidParameter("store", `no store at ${parsed.file}; name an existing one with --store`);
  return uri;
}

/**
 * Returns a note if the assets are in a SQLite file that does not exist yet: a server creates it, but its name may be
 * mistyped.
 */
export function newAssetsNote(assets: string): string | undefined {
  const uri = parseAssetsUri(assets);
  if (uri.kind !== "sqlite" || !isMissing(uri.file)) return undefined;
  return `Note: ${uri.file} is new and holds no assets yet; fill it with \`assetmill import\``;
}

/** Whether there is surely no such file: one in a folder that this user may not enter may well exist. */
function isMissing(file: string): boolean {
  try {
    return statSync(file, { throwIfNoEntry: false }) === undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ENOTDIR";
  }
}
