import type { ScanOptions, ScanPage } from "../../../core/ports/asset-repository.js";
import type { Scope } from "../../../core/asset/scope.js";
import type { Row, SqlDatabase } from "../../sql/index.js";
import { assetOfRow } from "./asset-mapper.js";
import { type KeyPart, keyParts, partsOfHead } from "./key-parts.js";
import { keyRanges } from "./key-ranges.js";
import { isSparse, pageOf, windowEnd } from "./scan-sql.js";

/** Rows that one query may pass over if the filter admits few: a fraction of a second's work. */
const WINDOW_ROWS = 20_000;

/** Scans by key: each query starts after the last path and reads no more than a page or a window. */
export async function* scanAssets(
  database: SqlDatabase,
  scope: Scope,
  { after, pageSize, signal }: ScanOptions,
): AsyncIterable<ScanPage> {
  const { keys } = database.dialect;
  for (const range of keyRanges(scope, after)) {
    const parts = keyParts(range, keys.headBytes);
    // There may be many ranges of one asset each: only a range whose first page was full has more.
    let isWide = false;
    for (let part = parts.shift(); part && !signal?.aborted; part = parts.shift()) {
      const window = isSparse(scope.filter) ? await windowOf(database, part) : { part };
      if ("head" in window) {
        parts.unshift(...partsOfHead(part, window.head));
        continue;
      }
      const { sql, parameters } = pageOf(window.part, scope.filter, pageSize, keys, isWide);
      const rows = inOrder(await database.read(sql, parameters), part, keys.headBytes);
      if (signal?.aborted) return;
      isWide = rows.length === pageSize;
      const open = isWide ? lastHead(rows, part, keys.headBytes) : undefined;
      const whole = open ? rows.slice(0, open.at) : rows;
      const upTo = (isWide ? undefined : window.last) ?? whole.at(-1)?.path;
      if (upTo !== undefined) yield { assets: whole.map(assetOfRow), upTo: String(upTo) };
      if (open?.at === 0) parts.unshift(...partsOfHead(part, open.head));
      else {
        const from = open?.head ?? (isWide ? behind(rows.at(-1), part) : window.next);
        if (from) parts.unshift({ ...part, from });
      }
    }
  }
}

/** The next rows of a part. */
interface Window {
  readonly part: KeyPart;
  /** Its last asset, if that ends it; undefined for the rest of the part. */
  readonly last?: string;
  /** Where the part goes on behind it. */
  readonly next?: Buffer;
}

/** Returns the next window of a part, or the head that more keys than a window holds begin with. */
async function windowOf(database: SqlDatabase, part: KeyPart): Promise<Window | { readonly head: Buffer }> {
  const { keys } = database.dialect;
  const { sql, parameters } = windowEnd(part, WINDOW_ROWS, keys);
  const [row] = await database.read(sql, parameters);
  if (!row) return { part };
  const rest = restOf(row, part);
  if (rest.length < keys.headBytes) {
    const next = behind(row, part);
    return { part: { ...part, to: next }, last: String(row.path), next };
  }
  const head = rest.subarray(0, keys.headBytes);
  return head.equals(part.from) ? { head } : { part: { ...part, to: head }, next: head };
}

/** Returns a row's key without the part's stem. */
const restOf = ({ key }: Row, { stem }: KeyPart): Buffer => Buffer.from(key as Uint8Array).subarray(stem.length);

/** Returns the first bytes, behind the stem, of keys after a row's. */
const behind = (row: Row | undefined, part: KeyPart): Buffer =>
  row ? Buffer.concat([restOf(row, part), Buffer.of(0)]) : part.from;

/** Sorts rows whose keys share a head: an index does not tell their order. */
function inOrder(rows: readonly Row[], part: KeyPart, headBytes: number): readonly Row[] {
  const isLong = ({ key }: Row): boolean => (key as Uint8Array).length - part.stem.length > headBytes;
  if (!rows.some(isLong)) return rows;
  return [...rows].sort((a, b) => Buffer.compare(a.key as Uint8Array, b.key as Uint8Array));
}

/** Returns the head of the last row of a full page, and its first row, if further rows may share it. */
function lastHead(rows: readonly Row[], part: KeyPart, headBytes: number): { head: Buffer; at: number } | undefined {
  const last = rows.at(-1);
  const rest = last && restOf(last, part);
  if (!rest || rest.length < headBytes) return undefined;
  const head = rest.subarray(0, headBytes);
  return { head, at: rows.findIndex((row) => restOf(row, part).subarray(0, headBytes).equals(head)) };
}
