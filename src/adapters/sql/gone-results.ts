import { covers, type Scope } from "../../core/asset/scope.js";
import type { ForgetOptions } from "../../core/ports/asset-repository.js";
import { REPOSITORY } from "./asset-results.js";
import { RESULT, SOURCE } from "./result-sources.js";
import type { SqlDatabase, SqlTransaction } from "./sql-database.js";

/** A stored result, as far as it takes to remove it if nobody has written it again. */
export interface StoredResult {
  readonly path: string;
  readonly atMs: number;
  readonly source: number;
}

export interface StoredResults {
  readonly results: readonly StoredResult[];
  /** Where the next page starts; undefined if this is the last. */
  readonly next?: string;
}

/** Reads the next results within a scope that other jobs wrote, in binary order of their keys. */
export async function nextResults(
  database: SqlDatabase,
  identity: string,
  scope: Scope,
  { after, limit, exceptJob }: ForgetOptions,
): Promise<StoredResults> {
  const { first, end } = keysAt(scope, database.dialect.keys.pathHead);
  const rows = await database.read(
    `select r.key, coalesce(r.path, r.key) as path, r.at_ms, r.source from ${RESULT} r
     where r.repository_id = (select id from ${REPOSITORY} where identity = ?)
       and r.key ${after === undefined ? ">=" : ">"} ? and r.key < ?
       and r.source not in (select id from ${SOURCE} where job_id = ?)
     order by r.key limit ?`,
    [identity, after ?? first, end, exceptJob, limit],
  );
  const last = rows.at(-1);
  const results = rows
    .map((row) => ({ path: String(row.path), atMs: Number(row.at_ms), source: Number(row.source) }))
    .filter(({ path }) => covers(scope, path));
  return { results, ...(last && rows.length === limit ? { next: String(last.key) } : {}) };
}

/** Returns the range of everything at and below a scope's roots, and what lies between them. */
function keysAt({ roots }: Scope, headOf: (path: string) => string): { readonly first: string; readonly end: string } {
  const heads = roots.map(headOf);
  const [first = "/"] = inBinaryOrder(heads);
  // Behind "/" comes "0". What lies below the last root need not come last: "/a-b" is before "/a/b".
  const [end = ""] = inBinaryOrder(heads.map((head) => (head === "/" ? "0" : `${head}0`))).slice(-1);
  return { first, end };
}

const inBinaryOrder = (texts: readonly string[]): readonly string[] =>
  [...texts].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));

/** Removes those of the results that nobody has written since they were read. Returns their number. */
export async function removeResults(
  tx: SqlTransaction,
  identity: string,
  results: readonly StoredResult[],
): Promise<number> {
  const { keys, rows } = tx.dialect;
  const written = `${rows({ p: "text", a: "integer", o: "integer" })} as w`;
  const list = JSON.stringify(results.map(({ path, atMs, source }) => ({ p: path, a: atMs, o: source })));
  const removed = await tx.query(
    `delete from ${RESULT} where repository_id = (select id from ${REPOSITORY} where identity = ?)
       and (key, at_ms, source) in (select ${keys.pathKey("p")}, a, o from ${written}) returning at_ms`,
    [identity, list],
  );
  return removed.length;
}
