import { childPath } from "../../../core/asset/path.js";
import type { SqlDatabase } from "../../sql/index.js";
import { pathKey } from "../../sql/path-key.js";
import { keysBelow } from "./key-ranges.js";
import { ASSET } from "./tables.js";

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
  const names = new Set<string>();
  const prefix = folder === "/" ? 1 : folder.length + 1;
  const { from: first, to } = keysBelow(folder);
  let from = first;
  for (let page = 0; page < MOST_PAGES && names.size < most; page++) {
    signal?.throwIfAborted();
    const rows = await database.read(`select path from ${ASSET} where key >= ? and key < ? order by key limit ?`, [
      from,
      to,
      PAGE_ROWS,
    ]);
    let last = "";
    for (const row of rows) {
      last = String(row.path);
      if (names.size < most) names.add(last.slice(prefix).split("/", 1)[0] ?? "");
    }
    if (rows.length < PAGE_ROWS) break;
    const child = childPath(folder, last.slice(prefix).split("/", 1)[0] ?? "");
    from = last === child ? Buffer.concat([pathKey(last), Buffer.of(0)]) : keysBelow(child).to;
  }
  return names.size === 0 ? undefined : [...names];
}
