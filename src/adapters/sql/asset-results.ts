import type { AssetReference, PropertyValue } from "../../core/asset/handler-result.js";
import type { AssetResult, AssetWrite } from "../../core/asset/asset-result.js";
import type { Stamp } from "../../core/asset/stamp.js";
import { setImmediate as turn } from "node:timers/promises";
import { packStamp, unpackStamp } from "./stamp-codec.js";
import { insertResults, type ResultRow, SOURCE_DIGITS } from "./insert-results.js";
import { RESULT, SOURCE, sourcesOf } from "./result-sources.js";
import type { Row, SqlDatabase, SqlTransaction, SqlValue } from "./sql-database.js";

export const REPOSITORY = "{repository}";

/** Characters that are written with one statement. More would block the host for too long. */
const BATCH_CHARACTERS = 1024 * 1024;
/** Characters of an asset's row beside its texts. */
const ROW_CHARACTERS = 20;

type References = Readonly<Record<string, readonly AssetReference[]>>;

/** Results of processing the assets of one repository. */
export class AssetResults {
  readonly #database: SqlDatabase;
  readonly #identity: string;

  constructor(database: SqlDatabase, identity: string) {
    this.#database = database;
    this.#identity = identity;
  }

  /**
   * Writes results inside a transaction: one statement writes all, several if they are large. Properties are merged over
   * the stored ones, which another statement reads; a handler's references replace those it found before.
   */
  async write(tx: SqlTransaction, writes: readonly AssetWrite[]): Promise<void> {
    if (writes.length === 0) return;
    const id = await this.#id(tx);
    const sourceOf = await sourcesOf(tx, writes);
    const before = await this.#before(tx, id, writes);
    // Always in the same order: two commits that share assets wait for each other and cannot deadlock.
    const sorted = [...writes].sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
    let rows: ResultRow[] = [];
    let characters = 0;
    for (const write of sorted) {
      const { path } = write;
      let properties: string | null = null;
      let refs: string | null = null;
      if (hasValues(write)) {
        const old = before.get(path);
        properties = merged(old?.properties, write.properties);
        refs = merged(old?.refs, write.references);
        // An asset may occur twice in one commit: the second write is merged over the first.
        before.set(path, { properties: properties ?? old?.properties ?? null, refs: refs ?? old?.refs ?? null });
      }
      const stamp = String(sourceOf(write)).padStart(SOURCE_DIGITS) + packStamp(write.stamp);
      const first = rows.at(-1)?.path === path ? rows.pop() : undefined;
      const row = {
        path,
        stamp,
        properties: properties ?? first?.properties ?? null,
        refs: refs ?? first?.refs ?? null,
      };
      rows.push(row);
      characters += path.length + stamp.length + (properties?.length ?? 0) + (refs?.length ?? 0) + ROW_CHARACTERS;
      if (characters <= BATCH_CHARACTERS) continue;
      await insertResults(tx, id, rows);
      rows = [];
      characters = 0;
      await turn();
    }
    if (rows.length > 0) await insertResults(tx, id, rows);
  }

  /** Locks and returns the stored values of assets that get more than a stamp. */
  async #before(tx: SqlTransaction, id: number, writes: readonly AssetWrite[]): Promise<Map<string, Row>> {
    const paths = writes.filter(hasValues).map(({ path }) => path);
    if (paths.length === 0) return new Map();
    const { rows: rowsFrom, keys, forUpdate } = tx.dialect;
    const isAsked = `r.repository_id = ? and r.key = ${keys.pathKey("w.p")}`;
    const rows = await tx.query(
      `select w.p, r.properties, r.refs from ${rowsFrom({ p: "text" })} as w ${keys.joinOne(RESULT, "r", isAsked, forUpdate)}`,
      [asRows(paths), id],
    );
    return new Map(rows.map((row) => [String(row.p), row]));
  }

  /** Returns results in the order of `paths`; undefined for an asset that has none. */
  async read(paths: readonly string[]): Promise<readonly (AssetResult | undefined)[]> {
    const { rows: rowsFrom, keys } = this.#database.dialect;
    const isAsked = `r.repository_id = s.id and r.key = ${keys.pathKey("w.p")}`;
    const rows = await this.#database.read(
      `select w.p, r.stamp, r.properties, r.refs, r.at_ms, o.job_id, o.handlers
       from ${REPOSITORY} s cross join ${rowsFrom({ p: "text" })} as w
       ${keys.joinOne(RESULT, "r", isAsked)} ${keys.joinOne(SOURCE, "o", "o.id = r.source")}
       where s.identity = ?`,
      [asRows(paths), this.#identity],
    );
    const handlersOf = parseHandlers();
    const byPath = new Map(rows.map((row) => [String(row.p), resultOf(row, handlersOf(String(row.handlers)))]));
    return paths.map((path) => byPath.get(path));
  }

  async #id(tx: SqlTransaction): Promise<number> {
    // Not cached: a row that this transaction inserts may be rolled back.
    const select = `select id from ${REPOSITORY} where identity = ?`;
    const [known] = await tx.query(select, [this.#identity]);
    if (known) return Number(known.id);
    await tx.query(`insert into ${REPOSITORY} (identity) values (?) on conflict do nothing`, [this.#identity]);
    const [row] = await tx.query(select, [this.#identity]);
    return Number(row?.id);
  }
}

/** Returns the stored object with the members of `more` merged over it, as JSON; null if `more` is empty. */
function merged(stored: SqlValue | undefined, more: object): string | null {
  if (isEmpty(more)) return null;
  if (typeof stored !== "string") return JSON.stringify(more);
  return JSON.stringify({ ...(JSON.parse(stored) as object), ...more });
}

/** Returns distinct paths as a JSON list of rows, sorted: rows are locked in this order. */
const asRows = (paths: readonly string[]): string => JSON.stringify([...new Set(paths)].sort().map((p) => ({ p })));

const hasValues = ({ properties, references }: AssetWrite): boolean => !isEmpty(properties) || !isEmpty(references);

const isEmpty = (record: object): boolean => {
  for (const _ in record) return false;
  return true;
};

/** Parses the handlers of rows that mostly share a source. */
function parseHandlers(): (text: string) => Stamp["handlers"] {
  const known = new Map<string, Stamp["handlers"]>();
  return (text) => {
    const handlers = known.get(text) ?? (JSON.parse(text) as Stamp["handlers"]);
    known.set(text, handlers);
    return handlers;
  };
}

function resultOf(row: Row, handlers: Stamp["handlers"]): AssetResult {
  const references = JSON.parse(String(row.refs ?? "{}")) as References;
  return {
    path: String(row.p),
    properties: JSON.parse(String(row.properties ?? "{}")) as Record<string, PropertyValue>,
    references: Object.entries(references).flatMap(([handler, list]) =>
      list.map((reference) => ({ ...reference, handler })),
    ),
    stamp: unpackStamp(String(row.stamp), handlers),
    jobId: String(row.job_id),
    at: Number(row.at_ms),
  };
}
