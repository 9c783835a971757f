import { FILE_TYPES } from "../../../core/asset/file-type.js";
import type { ScopeFilter } from "../../../core/asset/scope.js";
import { ASSET_COLUMNS } from "./asset-mapper.js";
import type { KeyRange } from "./key-ranges.js";
import { ASSET } from "./tables.js";

/** A statement and its parameters. */
export interface Statement {
  readonly sql: string;
  readonly parameters: readonly unknown[];
}

/** True where a page may be long in coming: what the filter leaves out is passed over row by row. */
export const isSparse = ({ createdFromMs, createdToMs }: ScopeFilter): boolean =>
  createdFromMs !== undefined || createdToMs !== undefined;

/**
 * The first assets of a range that the filter lets through, in the order of their keys. By type each comes from the index
 * that has type, key and creation: the rows that are not wanted are never touched.
 *
 * `isWide`: more lies in the range than a page holds, as far as is known. Then `limit` alone cuts the page off, and the
 * range's end is looked at afterwards: so PostgreSQL walks the index in order, whatever it knows of the table. With both
 * bounds inside it takes a table that it has no statistics of yet, just after an import, for one with few rows in that
 * range, and sorts all of them for each page.
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

/** The last asset among the first `rows` of a range, whatever the filter says of them; none where there are fewer. */
export const windowEnd = ({ from, to }: KeyRange, rows: number): Statement => ({
  sql: `select path from ${ASSET} where key >= ? and key < ? order by key limit 1 offset ?`,
  parameters: [from, to, rows - 1],
});

/** Whether anything stands below a path. */
export const anyIn = ({ from, to }: KeyRange): Statement => ({
  sql: `select path from ${ASSET} where key >= ? and key < ? order by key limit 1`,
  parameters: [from, to],
});
