import type { Asset } from "../../../core/asset/asset.js";
import type { ScanOptions, ScanPage } from "../../../core/ports/asset-repository.js";
import type { Scope } from "../../../core/asset/scope.js";
import type { SqlDatabase } from "../../sql/index.js";
import { pathKey } from "../../sql/path-key.js";
import { assetOfRow } from "./asset-mapper.js";
import { type KeyRange, keyRanges } from "./key-ranges.js";
import { isSparse, pageOf, windowEnd } from "./scan-sql.js";

/** Rows that one query may pass over if the filter admits few: a fraction of a second's work. */
const WINDOW_ROWS = 20_000;

/** Scans by key: each query starts after the last path and reads no more than a page or a window. */
export async function* scanAssets(
  database: SqlDatabase,
  scope: Scope,
  { after, pageSize, signal }: ScanOptions,
): AsyncIterable<ScanPage> {
  for (const range of keyRanges(scope, after)) {
    let rest: KeyRange | undefined = range;
    // There may be many ranges of one asset each: only a range whose first page was full has more.
    let isWide = false;
    while (rest && !signal?.aborted) {
      const window: Window = isSparse(scope.filter) ? await windowOf(database, rest) : { range: rest };
      const { sql, parameters } = pageOf(window.range, scope.filter, pageSize, isWide);
      const assets = (await database.read(sql, parameters)).map(assetOfRow);
      isWide = assets.length === pageSize;
      const upTo: string | undefined = assets.length === pageSize ? assets.at(-1)?.path : window.last;
      if (signal?.aborted) return;
      if (assets.length > 0 || upTo !== undefined) yield pageUpTo(assets, upTo);
      rest = upTo === undefined ? undefined : { from: keyAfter(upTo), to: range.to };
    }
  }
}

/** The next part of a range, and its last asset unless it is the rest of the range. */
interface Window {
  readonly range: KeyRange;
  readonly last?: string;
}

async function windowOf(database: SqlDatabase, range: KeyRange): Promise<Window> {
  const { sql, parameters } = windowEnd(range, WINDOW_ROWS);
  const [row] = await database.read(sql, parameters);
  if (!row) return { range };
  const last = String(row.path);
  return { range: { from: range.from, to: keyAfter(last) }, last };
}

const pageUpTo = (assets: readonly Asset[], upTo: string | undefined): ScanPage => ({
  assets,
  upTo: upTo ?? assets.at(-1)?.path ?? "",
});

/** Returns the smallest key after this path's. */
const keyAfter = (path: string): Buffer => Buffer.concat([pathKey(path), Buffer.of(0)]);
