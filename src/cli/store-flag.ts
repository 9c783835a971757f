import { isDatabaseUri, withoutPassword } from "../composition/uris.js";

/** Returns the `--store` flag to suggest for another command, without the password; empty for the default store. */
export function storeFlag({ store, assets = "" }: { readonly store?: string; readonly assets?: string }): string {
  const uri = store ?? (isDatabaseUri(assets) ? assets : undefined);
  return uri === undefined ? "" : ` --store ${quoted(withoutPassword(uri))}`;
}

/** Quotes the text as one shell word. */
const quoted = (text: string): string => (/^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);
