import { AssetColumns } from "../../../core/asset/asset-columns.js";
import { Column } from "../../../core/asset/column.js";
import { FILE_TYPES } from "../../../core/asset/file-type.js";
import { TYPE_NUMBERS } from "../../../core/asset/file-type-numbers.js";
import type { Row, SqlDatabase } from "../../sql/index.js";
import type { Statement } from "./scan-sql.js";

/** SQL: the number of a file type. One that this version does not know counts as OTHERS, as in `assetOfRow`. */
const TYPE_NUMBER = `case file_type ${FILE_TYPES.map((type) => `when '${type}' then ${TYPE_NUMBERS[type]}`).join(" ")}
  else ${TYPE_NUMBERS.OTHERS} end`;

/**
 * Turns a statement that selects a page of assets, in order, into one that selects a single row with a text for each
 * column. The driver makes a few values instead of one for each field of each asset, which is most of what reading costs.
 */
export const pageAsText = ({ sql, parameters }: Statement, { jsonList }: SqlDatabase["dialect"]): Statement => ({
  sql: `select ${jsonList("path", "text")} as paths, ${jsonList(TYPE_NUMBER, "integer")} as types,
      ${jsonList("size_bytes", "integer")} as sizes, ${jsonList("created_ms", "integer")} as created,
      ${jsonList("modified_ms", "integer")} as modified, ${jsonList("content_hash", "text")} as hashes,
      case when max(content_fragment) = 1 then ${jsonList("content_fragment", "integer")} end as fragments,
      max(length(key)) as longest
    from (${sql}) as page`,
  parameters,
});

/** Returns the assets of a page that was selected as text. */
export function assetsOfText(row: Row): AssetColumns {
  const column = <T>(name: string): Column<T> => new Column<T>(String(row[name] ?? "[]"));
  const fragments = column<number>("fragments").values.flatMap((flag, index) => (flag === 1 ? [index] : []));
  return new AssetColumns({
    paths: column("paths"),
    types: column("types"),
    sizes: column("sizes"),
    created: column("created"),
    modified: column("modified"),
    hashes: column("hashes"),
    ...(fragments.length > 0 ? { fragments: new Set(fragments) } : {}),
  });
}
