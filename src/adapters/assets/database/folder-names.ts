import { childPath } from "../../../core/asset/path.js";
import type { SqlDatabase } from "../../sql/index.js";
import { pathKey } from "../../sql/path-key.js";
import { keysBelow } from "./key-ranges.js";
import { keyParts } from "./key-parts.js";
import { pageOf } from "./scan-sql.js";

const PAGE_ROWS = 500;
/** Bounds the work for a folder with many subfolders: each page passes over the rest of one. */
const MOST_PAGES = 40;

/** Returns up to `most` names in a folder, and fewer if it has many subfolders; undefined if nothing lies below it. */
export async function namesIn(
  database: SqlDatabase,
  folder: string,
  most: number,
  signal: AbortSignal | undefined,
): Promise<readonly string[] | undefined> {
  const { keys } = database.dialect;
  const names = new Set<string>();
  const prefix = folder === "/" ? 1 : folder.length + 1;
  const { from, to } = keysBelow(folder);
  let parts = keyParts({ from, to }, keys.headBytes);
  for (let page = 0; page < MOST_PAGES && names.size < most; page++) {
    signal?.throwIfAborted();
    const part = parts.shift();
    if (!part) break;
    const { sql, parameters } = pageOf(part, { fileTypes: [] }, PAGE_ROWS, keys);
    const rows = await database.read(sql, parameters);
    let last = "";
    for (const row of rows) {
      last = String(row.path);
      if (names.size < most) names.add(last.slice(prefix).split("/", 1)[0] ?? "");
    }
    if (rows.length < PAGE_ROWS) continue;
    const child = childPath(folder, last.slice(prefix).split("/", 1)[0] ?? "");
    const next = last === child ? Buffer.concat([pathKey(last), Buffer.of(0)]) : keysBelow(child).to;
    parts = keyParts({ from: next, to }, keys.headBytes);
  }
  return names.size === 0 ? undefined : [...names];
}
