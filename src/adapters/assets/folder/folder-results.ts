import type { AssetReference, PropertyValue } from "../../../core/handler-result.js";
import type { AssetResult, AssetWrite } from "../../../core/ports/asset-repository.js";
import type { Row, SqlDatabase, SqlTransaction } from "../../sql/sql-database.js";
import { FOLDER_RESULT, REPOSITORY } from "./tables.js";

type References = Readonly<Record<string, readonly AssetReference[]>>;

/** What processing wrote about the assets of one folder repository. */
export class FolderResults {
  readonly #database: SqlDatabase;
  readonly #identity: string;

  constructor(database: SqlDatabase, identity: string) {
    this.#database = database;
    this.#identity = identity;
  }

  /**
   * Writes results inside a transaction: one statement, however many. Properties are merged over what is there, a
   * handler's references replace what that handler found before.
   */
  async write(tx: SqlTransaction, writes: readonly AssetWrite[]): Promise<void> {
    if (writes.length === 0) return;
    const id = await this.#id(tx);
    const rows = writes.map(({ path, properties, references, stamp, jobId }) => ({
      p: path,
      v: isEmpty(properties) ? null : JSON.stringify(properties),
      r: isEmpty(references) ? null : JSON.stringify(references),
      s: stamp.sizeBytes,
      m: stamp.modifiedMs,
      h: stamp.contentHash,
      n: JSON.stringify(stamp.handlers),
      j: jobId,
    }));
    await tx.query(
      `insert into ${FOLDER_RESULT} as old
         (repository_id, path, properties, refs, size_bytes, modified_ms, content_hash, handlers, job_id, at_ms)
       select ?, value ->> 'p', value ->> 'v', value ->> 'r', value ->> 's', value ->> 'm', value ->> 'h',
         value ->> 'n', value ->> 'j', ? from json_each(?) where true
       on conflict (repository_id, path) do update set
         properties = case when excluded.properties is null then old.properties
           when old.properties is null then excluded.properties
           else ${merged("properties")} end,
         refs = case when excluded.refs is null then old.refs when old.refs is null then excluded.refs
           else ${merged("refs")} end,
         size_bytes = excluded.size_bytes, modified_ms = excluded.modified_ms, content_hash = excluded.content_hash,
         handlers = excluded.handlers, job_id = excluded.job_id, at_ms = excluded.at_ms`,
      [id, tx.nowMs, JSON.stringify(rows)],
    );
  }

  /** In the order asked; undefined where nothing was written. */
  async read(paths: readonly string[]): Promise<readonly (AssetResult | undefined)[]> {
    const rows = await this.#database.read(
      `select r.* from ${FOLDER_RESULT} r join ${REPOSITORY} s on s.id = r.repository_id
       where s.identity = ? and r.path in (select value from json_each(?))`,
      [this.#identity, JSON.stringify(paths)],
    );
    const byPath = new Map(rows.map((row) => [String(row.path), resultOf(row)]));
    return paths.map((path) => byPath.get(path));
  }

  async #id(tx: SqlTransaction): Promise<number> {
    // Asked each time: what this transaction inserts may yet be rolled back.
    await tx.query(`insert into ${REPOSITORY} (identity) values (?) on conflict do nothing`, [this.#identity]);
    const [row] = await tx.query(`select id from ${REPOSITORY} where identity = ?`, [this.#identity]);
    return Number(row?.id);
  }
}

/** Members of the new object over those of the old one. Not json_patch: that would drop members on null and merge deep. */
const merged = (column: string): string =>
  `(select json_group_object(key, json(member)) from (
     select key, ${memberOf("each")} as member from json_each(old.${column}) as each
       where key not in (select key from json_each(excluded.${column}))
     union all
     select key, ${memberOf("each")} as member from json_each(excluded.${column}) as each))`;

/** A member as JSON text again, whatever its type. */
const memberOf = (each: string): string =>
  `case ${each}.type when 'true' then 'true' when 'false' then 'false' when 'null' then 'null'
     when 'text' then json_quote(${each}.value) when 'object' then ${each}.value when 'array' then ${each}.value
     else json_quote(${each}.value) end`;

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
      handlers: JSON.parse(String(row.handlers)) as Record<string, string>,
    },
    jobId: String(row.job_id),
    at: Number(row.at_ms),
  };
}
