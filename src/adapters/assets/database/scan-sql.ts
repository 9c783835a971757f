import { FILE_TYPES } from "../../../core/asset/file-type.js";
import type { ScopeFilter } from "../../../core/asset/scope.js";
import { ASSET_COLUMNS } from "./asset-mapper.js";
import type { KeyRange } from "./key-ranges.js";
import { ASSET } from "./tables.js";

/** A statement and its parameters. */
interface Statement {
  readonly sql: string;
  readonly parameters: readonly unknown[];
}

/** Whether a page may take long: rows that the filter excludes are passed over one by one. */
export const isSparse = ({ createdFromMs, createdToMs }: ScopeFilter): boolean =>
  createdFromMs !== undefined || createdToMs !== undefined;

/**
 * Selects the first assets of a range that the filter admits, by key. A filter by type uses the index on type, key and
 * creation: other rows are never touched.
 *
 * `isWide`: the range probably holds more than a page. Then only `limit` ends the inner query and the range's end is
 * checked outside, so that PostgreSQL walks the index in order. With both bounds inside, a table without statistics (just
 * after an import) looks as if the range held few rows, and PostgreSQL sorts them all for each page.
 */
export function pageOf({ from, to }: KeyRange, filter: ScopeFilter, limit: number, isWide = false): Statement {
  const { fileTypes, createdFromMs, createdToMs } = filter;
  const types = fileTypes.length > 0 ? fileTypes : isSparse(filter) ? FILE_TYPES : [];
  const created = [
    ...(createdFromMs === undefined ? [] : [{ sql: " and created_ms >= ?", parameter: createdFromMs }]),
    ...(createdToMs === undefined ? [] : [{ sql: " and created_ms <= ?", parameter: createdToMs }]),
  ];
  const columns = `key, ${ASSET_COLUMNS}`;
  if (types.length === 0 && isWide) {
    return {
      sql: `select * from (select ${columns} from ${ASSET} where key >= ? order by key limit ?) as t where key < ? order by key`,
      parameters: [from, limit, to],
    };
  }
  if (types.length === 0) {
    return {
      sql: `select ${columns} from ${ASSET} where key >= ? and key < ? order by key limit ?`,
      parameters: [from, to, limit],
    };
  }
  const one = `select * from (select ${columns} from ${ASSET} where file_type = ? and key >= ? and key < ?${created
    .map(({ sql }) => sql)
    .join("")} order by key limit ?) as t`;
  return {
    sql: `${types.map(() => one).join(" union all ")} order by key limit ?`,
    parameters: [
      ...types.flatMap((type) => [type, from, to, ...created.map(({ parameter }) => parameter), limit]),
      limit,
    ],
  };
}

/** Selects the last of the first `rows` assets of a range, filter ignored; no row if there are fewer. */
export const windowEnd = ({ from, to }: KeyRange, rows: number): Statement => ({
  sql: `select path from ${ASSET} where key >= ? and key < ? order by key limit 1 offset ?`,
  parameters: [from, to, rows - 1],
});

/** Selects any one asset of a range. */
export const anyIn = ({ from, to }: KeyRange): Statement => ({
  sql: `select path from ${ASSET} where key >= ? and key < ? order by key limit 1`,
  parameters: [from, to],
});
