import { createHash } from "node:crypto";
import { FILE_TYPES } from "../../../core/asset/file-type.js";
import type { ScopeFilter } from "../../../core/asset/scope.js";
import type { SqlDatabase } from "../../sql/index.js";
import { ASSET_COLUMNS } from "./asset-mapper.js";
import type { KeyPart } from "./key-parts.js";
import { ASSET } from "./tables.js";

/** A statement and its parameters. */
export interface Statement {
  readonly sql: string;
  readonly parameters: readonly unknown[];
}

type KeySql = SqlDatabase["dialect"]["keys"];

/** Whether a page may take long: rows that the filter excludes are passed over one by one. */
export const isSparse = ({ createdFromMs, createdToMs }: ScopeFilter): boolean =>
  createdFromMs !== undefined || createdToMs !== undefined;

const COLUMNS = `key, ${ASSET_COLUMNS}`;

/**
 * Selects the first assets of a part that the filter admits, by the head of their keys; assets with the same head come
 * in any order. A filter by type uses the index on type, key and creation: other rows are never touched, except among
 * keys with a stem, which are few.
 *
 * `isWide`: the part probably holds more than a page. Then only `limit` ends the inner query and the part's end is
 * checked outside, so that PostgreSQL walks the index in order. With both bounds inside, a table without statistics (just
 * after an import) looks as if the part held few rows, and PostgreSQL sorts them all for each page.
 */
export function pageOf(part: KeyPart, filter: ScopeFilter, limit: number, keys: KeySql, isWide = false): Statement {
  const { fileTypes, createdFromMs, createdToMs } = filter;
  const { sql: where, head, parameters } = conditionOf(part, keys);
  const created = [
    ...(createdFromMs === undefined ? [] : [{ sql: " and created_ms >= ?", parameter: createdFromMs }]),
    ...(createdToMs === undefined ? [] : [{ sql: " and created_ms <= ?", parameter: createdToMs }]),
  ];
  const times = created.map(({ parameter }) => parameter);
  if (part.stem.length > 0) {
    const typed = fileTypes.length === 0 ? "" : ` and file_type in (${fileTypes.map(() => "?").join(", ")})`;
    const more = typed + created.map(({ sql }) => sql).join("");
    return {
      sql: `select ${COLUMNS} from ${ASSET} where ${where}${more} order by ${head} limit ?`,
      parameters: [...parameters, ...fileTypes, ...times, limit],
    };
  }
  const types = fileTypes.length > 0 ? fileTypes : isSparse(filter) ? FILE_TYPES : [];
  if (types.length === 0 && isWide && part.to) {
    return {
      sql: `select ${COLUMNS} from (select ${head} as head, ${COLUMNS} from ${ASSET} where ${head} >= ? order by ${head} limit ?) as t
       where head < ? order by head`,
      parameters: [part.from, limit, part.to],
    };
  }
  if (types.length === 0) {
    return {
      sql: `select ${COLUMNS} from ${ASSET} where ${where} order by ${head} limit ?`,
      parameters: [...parameters, limit],
    };
  }
  const one = `select * from (select ${COLUMNS} from ${ASSET} where file_type = ? and ${where}${created
    .map(({ sql }) => sql)
    .join("")} order by ${head} limit ?) as t`;
  return {
    sql: `${types.map(() => one).join(" union all ")} order by key limit ?`,
    parameters: [...types.flatMap((type) => [type, ...parameters, ...times, limit]), limit],
  };
}

/** Selects the last of the first `rows` assets of a part, filter ignored; no row if there are fewer. */
export function windowEnd(part: KeyPart, rows: number, keys: KeySql): Statement {
  const { sql, head, parameters } = conditionOf(part, keys);
  return {
    sql: `select key, path from ${ASSET} where ${sql} order by ${head} limit 1 offset ?`,
    parameters: [...parameters, rows - 1],
  };
}

/** Selects any one asset of a part. */
export function anyIn(part: KeyPart, keys: KeySql): Statement {
  const { sql, head, parameters } = conditionOf(part, keys);
  return { sql: `select path from ${ASSET} where ${sql} order by ${head} limit 1`, parameters };
}

function conditionOf({ stem, from, to }: KeyPart, keys: KeySql): Statement & { readonly head: string } {
  const { where, head } = keys.below(stem.length);
  const hash = createHash("sha256").update(stem).digest();
  return {
    sql: `${where === undefined ? "" : `${where} and `}${head} >= ?${to ? ` and ${head} < ?` : ""}`,
    head,
    parameters: [...(where === undefined ? [] : [hash]), from, ...(to ? [to] : [])],
  };
}
