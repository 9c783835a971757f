import { covers, type Scope } from "../../core/asset/scope.js";
import type { ForgetOptions } from "../../core/ports/asset-repository.js";
import { REPOSITORY, RESULT } from "./asset-results.js";
import type { SqlDatabase, SqlTransaction } from "./sql-database.js";

/** A stored result, as far as it takes to remove it if nobody has written it again. */
export interface StoredResult {
  readonly path: string;
  readonly atMs: number;
  readonly jobId: string;
}

export interface StoredResults {
  readonly results: readonly StoredResult[];
  /** Where the next page starts; undefined if this is the last. */
  readonly next?: string;
}

/** Reads the next results within a scope that other jobs wrote. In the database's order of paths, whatever that is. */
export async function nextResults(
  database: SqlDatabase,
  identity: string,
  scope: Scope,
  { after, limit, exceptJob }: ForgetOptions,
): Promise<StoredResults> {
  const { sql, order, parameters } =
    database.dialect.name === "sqlite" ? inSqlite(scope, after) : inPostgres(scope, after);
  const rows = await database.read(
    `select r.path, r.at_ms, r.job_id from ${RESULT} r
     where r.repository_id = (select id from ${REPOSITORY} where identity = ?) and r.job_id <> ? and ${sql}
     order by ${order} limit ?`,
    [identity, exceptJob, ...parameters, limit],
  );
  const last = rows.at(-1);
  const results = rows
    .map((row) => ({ path: String(row.path), atMs: Number(row.at_ms), jobId: String(row.job_id) }))
    .filter(({ path }) => covers(scope, path));
  return { results, ...(last && rows.length === limit ? { next: String(last.path) } : {}) };
}

interface PathCondition {
  readonly sql: string;
  readonly order: string;
  readonly parameters: readonly unknown[];
}

/** The primary key is in binary order: everything at and below the roots, and what lies between them. */
function inSqlite({ roots }: Scope, after: string | undefined): PathCondition {
  const [first = "/"] = inBinaryOrder(roots);
  // Behind "/" comes "0". What lies below the last root need not come last: "/a-b" is before "/a/b".
  const end = inBinaryOrder(roots.map((root) => (root === "/" ? "0" : `${root}0`))).at(-1);
  const from = after === undefined ? "r.path >= ?" : "r.path > ?";
  return { sql: `${from} and r.path < ?`, order: "r.path", parameters: [after ?? first, end] };
}

const inBinaryOrder = (texts: readonly string[]): readonly string[] =>
  [...texts].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));

/** The order depends on the database's locale, so that all results have to be looked at. An index holds the first characters. */
function inPostgres({ roots }: Scope, after: string | undefined): PathCondition {
  const order = "left(r.path, 512), r.path";
  const prefixes = JSON.stringify(roots.map((root) => (root === "/" ? "" : root)));
  return {
    sql: `exists (select 1 from json_array_elements_text(cast(? as json)) as w(root)
            where r.path = root or starts_with(r.path, root || '/'))
          ${after === undefined ? "" : `and (${order}) > (left(?, 512), ?)`}`,
    order,
    parameters: [prefixes, ...(after === undefined ? [] : [after, after])],
  };
}

/** Removes those of the results that nobody has written since they were read. Returns their number. */
export async function removeResults(
  tx: SqlTransaction,
  identity: string,
  results: readonly StoredResult[],
): Promise<number> {
  const written = tx.dialect.rows({ p: "text", a: "integer", j: "text" });
  const list = JSON.stringify(results.map(({ path, atMs, jobId }) => ({ p: path, a: atMs, j: jobId })));
  const inRepository = `repository_id = (select id from ${REPOSITORY} where identity = ?)`;
  const removed =
    tx.dialect.name === "sqlite"
      ? await tx.query(
          `delete from ${RESULT} where ${inRepository} and (path, at_ms, job_id) in (select p, a, j from ${written} as w)
           returning path`,
          [identity, list],
        )
      : await tx.query(
          `delete from ${RESULT} r using ${written} as w where r.${inRepository}
             and ${tx.dialect.keys.samePath("r.path", "w.p")} and r.at_ms = w.a and r.job_id = w.j
           returning r.path`,
          [list, identity],
        );
  return removed.length;
}
