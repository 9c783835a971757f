import { RESULT } from "./result-sources.js";
import type { SqlTransaction } from "./sql-database.js";

/** One asset's row; properties and references as JSON, or null where they stay as they are stored. */
export interface ResultRow {
  readonly path: string;
  /** The number of the source, in so many digits, and the stamp's column. */
  readonly stamp: string;
  readonly properties: string | null;
  readonly refs: string | null;
}

export const SOURCE_DIGITS = 10;

/**
 * Inserts or updates rows, whose paths are sorted and distinct. Where all get stamps alone, they are sent as one object,
 * stamps by path: each row is then two texts, with nothing in them to parse.
 */
export async function insertResults(tx: SqlTransaction, id: number, rows: readonly ResultRow[]): Promise<void> {
  const { ddl, keys, entries, rows: rowsFrom } = tx.dialect;
  const stampsOnly = rows.every(({ properties, refs }) => properties === null && refs === null);
  const isLong = rows.some(({ path }) => path.length > keys.pathChars);
  const columns = [
    ["repository_id", "cast(? as integer)"],
    ["key", isLong ? keys.pathKey("p") : "p"],
    ["at_ms", `cast(? as ${ddl.big})`],
    ["source", `cast(substr(s, 1, ${SOURCE_DIGITS}) as integer)`],
    ["stamp", `substr(s, ${SOURCE_DIGITS + 1})`],
    ...(isLong ? [["path", keys.longPath("p")]] : []),
    ...(stampsOnly
      ? []
      : [
          ["properties", "v"],
          ["refs", "r"],
        ]),
  ];
  const from = stampsOnly ? entries("p", "s") : rowsFrom({ p: "text", s: "text", v: "text", r: "text" });
  const values = stampsOnly
    ? ""
    : ", properties = coalesce(excluded.properties, old.properties), refs = coalesce(excluded.refs, old.refs)";
  const update = `on conflict (repository_id, key) do update set
    at_ms = excluded.at_ms, source = excluded.source, stamp = excluded.stamp${values}`;
  await tx.query(
    `insert into ${RESULT} as old (${columns.map(([name]) => name).join(", ")})
     select ${columns.map(([, value]) => value).join(", ")} from ${from} as w
     where true ${(await areNew(tx, id, rows)) ? "" : update}`,
    [id, tx.nowMs, stampsOnly ? `{${rows.map(asMember).join()}}` : `[${rows.map(asObject).join()}]`],
  );
}

const asMember = ({ path, stamp }: ResultRow): string => `${JSON.stringify(path)}:${JSON.stringify(stamp)}`;

/** Properties and references are part of the statement's JSON, not texts in it: no quote needs escaping. */
const asObject = ({ path, stamp, properties, refs }: ResultRow): string =>
  `{"p":${JSON.stringify(path)},"s":${JSON.stringify(stamp)},"v":${properties},"r":${refs}}`;

/** Where the order of UTF-16, in which paths are sorted, differs from that of bytes. */
const OUT_OF_ORDER = /[\ud800-\uffff]/;

/**
 * Whether PostgreSQL has nothing yet about these paths, nor about any between them: then it need not look for each, which
 * takes a third of the time. If another transaction inserts one of them meanwhile, this one fails and is repeated.
 */
async function areNew(tx: SqlTransaction, id: number, rows: readonly ResultRow[]): Promise<boolean> {
  const { name, keys } = tx.dialect;
  if (name === "sqlite" || rows.length < WORTH_ASKING) return false;
  const ends = [rows[0]?.path ?? "", rows.at(-1)?.path ?? ""];
  if (ends.some((path) => path.length > keys.pathChars || OUT_OF_ORDER.test(path))) return false;
  const found = await tx.query(
    `select 1 from ${RESULT} where repository_id = ? and key >= ? and key <= ? order by key limit 1`,
    [id, ...ends],
  );
  return found.length === 0;
}

const WORTH_ASKING = 100;
