import type { ScanOptions, ScanPage } from "../../../core/ports/asset-repository.js";
import type { Scope } from "../../../core/asset/scope.js";
import type { AssetList } from "../../../core/asset/asset-list.js";
import type { Row, SqlDatabase } from "../../sql/index.js";
import { pathKey } from "../../sql/path-key.js";
import { assetOfRow } from "./asset-mapper.js";
import { type KeyPart, keyParts, partsOfHead } from "./key-parts.js";
import { keyRanges } from "./key-ranges.js";
import { assetsOfText, pageAsText } from "./page-text.js";
import { isSparse, pageOf, type Statement, windowEnd } from "./scan-sql.js";

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
      const page = pageOf(window.part, scope.filter, pageSize, keys, isWide);
      const found = (await textPage(database, page, part, pageSize)) ?? (await rowPage(database, page, part, pageSize));
      if (signal?.aborted) return;
      isWide = found.isFull;
      const upTo = (isWide ? undefined : window.last) ?? found.assets.at(found.assets.length - 1)?.path;
      if (upTo !== undefined) yield { assets: found.assets, upTo };
      if (found.head) parts.unshift(...partsOfHead(part, found.head));
      else {
        const from = isWide ? found.from : window.next;
        if (from) parts.unshift({ ...part, from });
      }
    }
  }
}

/** What a query for a page found. */
interface Found {
  readonly assets: AssetList;
  /** Whether it found as many rows as were asked for: there may be more. */
  readonly isFull: boolean;
  /** Where the part goes on, if the page is full. */
  readonly from?: Buffer;
  /** The head that a page's keys all begin with, so that their order is not known. */
  readonly head?: Buffer;
}

/** Reads a page as text; undefined if there is a key among them that is longer than what an index holds. */
async function textPage(
  database: SqlDatabase,
  page: Statement,
  part: KeyPart,
  pageSize: number,
): Promise<Found | undefined> {
  const { sql, parameters } = pageAsText(page, database.dialect);
  const [row = {}] = await database.read(sql, parameters);
  if (Number(row.longest) - part.stem.length >= database.dialect.keys.headBytes) return undefined;
  const assets = assetsOfText(row);
  if (assets.length < pageSize) return { assets, isFull: false };
  return { assets, isFull: true, from: behind(pathKey(assets.pathAt(assets.length - 1) ?? ""), part) };
}

/** Reads a page row by row, and puts those in order whose keys share a head. */
async function rowPage(database: SqlDatabase, page: Statement, part: KeyPart, pageSize: number): Promise<Found> {
  const { headBytes } = database.dialect.keys;
  const rows = inOrder(await database.read(page.sql, page.parameters), part, headBytes);
  const last = rows.at(-1);
  if (rows.length < pageSize || !last) return { assets: rows.map(assetOfRow), isFull: false };
  const open = lastHead(rows, part, headBytes);
  if (!open) return { assets: rows.map(assetOfRow), isFull: true, from: behind(keyOf(last), part) };
  const assets = rows.slice(0, open.at).map(assetOfRow);
  return { assets, isFull: true, from: open.head, ...(open.at === 0 ? { head: open.head } : {}) };
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
    const next = behind(keyOf(row), part);
    return { part: { ...part, to: next }, last: String(row.path), next };
  }
  const head = rest.subarray(0, keys.headBytes);
  return head.equals(part.from) ? { head } : { part: { ...part, to: head }, next: head };
}

const keyOf = ({ key }: Row): Buffer => Buffer.from(key as Uint8Array);

/** Returns a row's key without the part's stem. */
const restOf = (row: Row, { stem }: KeyPart): Buffer => keyOf(row).subarray(stem.length);

/** Returns the first bytes, behind the stem, of keys after this one. */
const behind = (key: Buffer, { stem }: KeyPart): Buffer => Buffer.concat([key.subarray(stem.length), Buffer.of(0)]);

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
