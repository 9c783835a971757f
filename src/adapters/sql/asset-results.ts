import type { AssetReference, PropertyValue } from "../../core/asset/handler-result.js";
import type { AssetResult, AssetWrite } from "../../core/asset/asset-result.js";
import { setImmediate as turn } from "node:timers/promises";
import { packHandlers, unpackHandlers } from "./stamp-codec.js";
import type { Row, SqlDatabase, SqlTransaction, SqlValue } from "./sql-database.js";

export const REPOSITORY = "{repository}";
export const RESULT = "{folder_result}";

/** Characters of properties and references that are written with one statement. More would block the host for too long. */
const BATCH_CHARACTERS = 1024 * 1024;

/** Short names and kinds of the columns that `write` sends as JSON. */
const COLUMNS = {
  p: "text",
  v: "text",
  r: "text",
  s: "integer",
  m: "integer",
  h: "text",
  n: "text",
  j: "text",
} as const;

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
   * Writes results inside a transaction: one statement reads the stored ones, one writes all; several if they are
   * large. Properties are merged over the stored ones; a handler's references replace those it found before.
   */
  async write(tx: SqlTransaction, writes: readonly AssetWrite[]): Promise<void> {
    if (writes.length === 0) return;
    const id = await this.#id(tx);
    const before = await this.#before(tx, id, writes);
    // Always in the same order: two commits that share assets wait for each other and cannot deadlock.
    const sorted = [...writes].sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
    let rows = new Map<string, object>();
    let characters = 0;
    for (const { path, properties, references, stamp, jobId } of sorted) {
      const old = before.get(path);
      const all = { properties: merged(old?.properties, properties), refs: merged(old?.refs, references) };
      // An asset may occur twice in one commit: the second write is merged over the first.
      const now = { ...old, ...withoutNull(all) };
      if (all.properties ?? all.refs) before.set(path, now);
      const stays = rows.has(path) ? { v: now.properties ?? null, r: now.refs ?? null } : undefined;
      rows.set(path, {
        p: path,
        v: all.properties,
        r: all.refs,
        s: stamp.sizeBytes,
        m: stamp.modifiedMs,
        h: stamp.contentHash,
        n: packHandlers(stamp),
        j: jobId,
        ...stays,
      });
      characters += (all.properties?.length ?? 0) + (all.refs?.length ?? 0);
      if (characters <= BATCH_CHARACTERS) continue;
      await turn();
      await this.#insert(tx, id, rows);
      rows = new Map();
      characters = 0;
    }
    if (rows.size > 0) await this.#insert(tx, id, rows);
  }

  async #insert(tx: SqlTransaction, id: number, rows: ReadonlyMap<string, object>): Promise<void> {
    const json = JSON.stringify([...rows.values()]);
    if (json.length > BATCH_CHARACTERS) await turn();
    await tx.query(
      `insert into ${RESULT} as old
         (repository_id, path, properties, refs, size_bytes, modified_ms, content_hash, handlers, job_id, at_ms)
       select cast(? as integer), p, v, r, s, m, h, n, j, cast(? as ${tx.dialect.ddl.big}) from ${tx.dialect.rows(COLUMNS)} as w
       where true
       on conflict (repository_id, ${tx.dialect.keys.pathIdentity("path")}) do update set
         properties = coalesce(excluded.properties, old.properties), refs = coalesce(excluded.refs, old.refs),
         size_bytes = excluded.size_bytes, modified_ms = excluded.modified_ms, content_hash = excluded.content_hash,
         handlers = excluded.handlers, job_id = excluded.job_id, at_ms = excluded.at_ms`,
      [id, tx.nowMs, json],
    );
  }

  /** Locks and returns the stored rows of assets that get more than a stamp. */
  async #before(tx: SqlTransaction, id: number, writes: readonly AssetWrite[]): Promise<Map<string, Row>> {
    const paths = writes
      .filter(({ properties, references }) => !isEmpty(properties) || !isEmpty(references))
      .map(({ path }) => path);
    if (paths.length === 0) return new Map();
    const { rows: rowsFrom, keys, forUpdate } = tx.dialect;
    const isAsked = `r.repository_id = ? and ${keys.samePath("r.path", "w.p")}`;
    const rows = await tx.query(
      `select r.path, r.properties, r.refs from ${rowsFrom({ p: "text" })} as w ${keys.joinOne(RESULT, "r", isAsked, forUpdate)}`,
      [asRows(paths), id],
    );
    return new Map(rows.map((row) => [String(row.path), row]));
  }

  /** Returns results in the order of `paths`; undefined for an asset that has none. */
  async read(paths: readonly string[]): Promise<readonly (AssetResult | undefined)[]> {
    const { rows: rowsFrom, keys } = this.#database.dialect;
    const rows = await this.#database.read(
      `select r.* from ${REPOSITORY} s join ${rowsFrom({ p: "text" })} as w on true
       ${keys.joinOne(RESULT, "r", `r.repository_id = s.id and ${keys.samePath("r.path", "w.p")}`)}
       where s.identity = ?`,
      [asRows(paths), this.#identity],
    );
    const byPath = new Map(rows.map((row) => [String(row.path), resultOf(row)]));
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

const withoutNull = (row: Row): Row => Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null));

const isEmpty = (record: object): boolean => {
  for (const _ in record) return false;
  return true;
};

function resultOf(row: Row): AssetResult {
  const references = JSON.parse(String(row.refs ?? "{}")) as References;
  return {
    path: String(row.path),
    properties: JSON.parse(String(row.properties ?? "{}")) as Record<string, PropertyValue>,
    references: Object.entries(references).flatMap(([handler, list]) =>
      list.map((reference) => ({ ...reference, handler })),
    ),
    stamp: {
      sizeBytes: Number(row.size_bytes),
      modifiedMs: Number(row.modified_ms),
      contentHash: row.content_hash === null ? null : String(row.content_hash),
      ...unpackHandlers(String(row.handlers)),
    },
    jobId: String(row.job_id),
    at: Number(row.at_ms),
  };
}
