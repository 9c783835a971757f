import type { AssetWrite } from "../../core/asset/asset-result.js";
import type { SqlTransaction } from "./sql-database.js";

export const RESULT = "{asset_result}";
export const SOURCE = "{result_source}";

/** Sources that are entered between two removals of those that no result has any more. */
const REMOVE_EVERY = 1_000;
/** Sources that a removal looks at. More than are entered meanwhile, so that it keeps up. */
const LOOKED_AT = 10_000;
/** A removal by another transaction can come between every step; it cannot do so for long. */
const MAX_TRIES = 5;

/** A job and the handlers' versions that it used: what the results of many assets have in common. */
interface Source {
  readonly j: string;
  readonly h: string;
}

/**
 * Enters the sources of these writes and keeps them from being removed until the transaction ends. Returns a function that
 * tells the number of a write's source.
 */
export async function sourcesOf(
  tx: SqlTransaction,
  writes: readonly AssetWrite[],
): Promise<(write: AssetWrite) => number> {
  const wanted = new Map<string, Source>();
  const keyOf = keys();
  for (const write of writes) {
    const key = keyOf(write);
    if (!wanted.has(key)) wanted.set(key, { j: write.jobId, h: JSON.stringify(write.stamp.handlers) });
  }
  const found = new Map<string, number>();
  const entered: number[] = [];
  for (let tries = 0; ; tries++) {
    const missing = [...wanted].filter(([key]) => !found.has(key)).map(([, source]) => source);
    for (const row of await known(tx, missing))
      found.set(keyFrom(String(row.job_id), String(row.handlers)), Number(row.id));
    if (found.size === wanted.size) break;
    if (tries === MAX_TRIES) throw new Error("the sources of results cannot be entered");
    entered.push(...(await enter(tx, missing)));
  }
  const due = entered.find((id) => id % REMOVE_EVERY === 0);
  if (due !== undefined) await removeUnused(tx, due, new Set(found.values()));
  return (write) => found.get(keyOf(write)) ?? 0;
}

const keyFrom = (jobId: string, handlers: string): string => `${jobId}\n${handlers}`;

/** Returns a function that names a write's source. Assets in a row mostly share one, and its objects. */
function keys(): (write: AssetWrite) => string {
  let last: AssetWrite | undefined;
  let key = "";
  return (write) => {
    if (last?.stamp.handlers !== write.stamp.handlers || last.jobId !== write.jobId) {
      key = keyFrom(write.jobId, JSON.stringify(write.stamp.handlers));
      last = write;
    }
    return key;
  };
}

const COLUMNS = { j: "text", h: "text" } as const;

function known(tx: SqlTransaction, sources: readonly Source[]) {
  const { rows, keys: keySql, forShare } = tx.dialect;
  const isAsked = `s.job_id = w.j and ${keySql.samePath("s.handlers", "w.h")}`;
  return tx.query(
    `select s.id, s.job_id, s.handlers from ${rows(COLUMNS)} as w ${keySql.joinOne(SOURCE, "s", isAsked, forShare)}`,
    [JSON.stringify(sources)],
  );
}

/** Returns the numbers of those that were new. In one order always, so that no two transactions wait for each other. */
async function enter(tx: SqlTransaction, sources: readonly Source[]): Promise<readonly number[]> {
  const entered = await tx.query(
    `insert into ${SOURCE} (job_id, handlers) select j, h from ${tx.dialect.rows(COLUMNS)} as w
     where true order by j, h on conflict do nothing returning id`,
    [JSON.stringify(sources)],
  );
  return entered.map(({ id }) => Number(id));
}

/**
 * Removes sources that no result has any more, but for those that this transaction is about to use. First holds those that
 * no other transaction uses: what it wrote with them is seen only by a later statement.
 */
async function removeUnused(tx: SqlTransaction, before: number, used: ReadonlySet<number>): Promise<void> {
  const from = Math.max(0, Math.floor(Math.random() * (before - LOOKED_AT)));
  const held = await tx.query(
    `select id from ${SOURCE} where id >= ? and id < ? order by id limit ${LOOKED_AT} ${tx.dialect.forUpdateSkipLocked}`,
    [from, before],
  );
  const unused = held.map(({ id }) => Number(id)).filter((id) => !used.has(id));
  await tx.query(
    `delete from ${SOURCE} where id in
       (select i from ${tx.dialect.rows({ i: "integer" })} as w except select source from ${RESULT})`,
    [JSON.stringify(unused.map((i) => ({ i })))],
  );
}
