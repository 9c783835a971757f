import { In } from "typeorm/find-options/operator/In.js";
import { overlaps, type Scope } from "../../core/asset/scope.js";
import type { Job } from "../../core/job/job.js";
import { scopeOfRequest } from "../../core/job/job-request.js";
import { ACTIVE_STATUSES } from "../../core/job/lifecycle.js";
import type { OtherJobs } from "../../core/ports/job-store.js";
import type { SqlTransaction } from "../sql/sql-database.js";
import { heldRows, type JobKind, soughtJson } from "./held-paths.js";
import { jobOfRow } from "./job-mapper.js";
import { JobRow } from "./job-row.js";
import { HELD_PATH, JOB } from "./tables.js";

/** Where to look: from this position in the order of creation, without it, to newer jobs or to older ones. */
interface Search {
  readonly from: number;
  readonly towards: "newer" | "older";
  /** A job that does not count. */
  readonly except?: number | undefined;
}

/** Candidates that are looked for one by one: nearly always, the first overlaps. What is beyond comes in pages. */
const ONE_BY_ONE = 3;
const PAGE = 20;

/**
 * Returns the first job from a position that holds a scope overlapping this one. Must be called under the lock of the
 * scopes. Goes by index, so that it takes the same time whatever the number of jobs; only jobs that hold a path above or
 * below and exclude the other's have to be looked at each.
 */
async function firstOverlapping(
  tx: SqlTransaction,
  kind: JobKind,
  scope: Scope,
  { from, towards, except = 0 }: Search,
): Promise<Job | undefined> {
  const [first, beyond, order] = towards === "newer" ? ["min", ">", "asc"] : ["max", "<", "desc"];
  const sought = soughtJson(kind, scope.roots);
  const isSought = `h.path_hash = sought.path_hash and h.own = sought.own and h.sequence ${beyond} ? and h.sequence <> ?`;
  const one = `select ${first}(nearest) as sequence from (
    select (select ${first}(h.sequence) from ${HELD_PATH} h where ${isSought}) as nearest from ${heldRows(tx)} as sought) as each`;
  const page = `select distinct h.sequence from ${heldRows(tx)} as sought join ${HELD_PATH} h on ${isSought}
    order by h.sequence ${order} limit ${PAGE}`;
  let at = from;
  for (let round = 0; ; round++) {
    // The parameters stand in the order of the text.
    const found = await (round < ONE_BY_ONE
      ? tx.query(one, [at, except, sought])
      : tx.query(page, [sought, at, except]));
    const sequences = found.flatMap(({ sequence }) => (sequence === null ? [] : [Number(sequence)]));
    const last = sequences.at(-1);
    if (last === undefined) return undefined;
    const rows = await tx.manager.find(JobRow, {
      where: { sequence: In(sequences), holds: 1, status: In(ACTIVE_STATUSES) },
      order: { sequence: towards === "newer" ? "ASC" : "DESC" },
    });
    const rival = rows.map(jobOfRow).find((job) => overlaps(scope, scopeOfRequest(job.request)));
    if (rival) return rival;
    at = last;
  }
}

/** Returns the jobs beside this one, or beside one that is being created. */
export const otherJobs = (tx: SqlTransaction, job: JobKind & Partial<Pick<Job, "sequence">>): OtherJobs => ({
  oldestRival: (scope, createdAfter = 0) =>
    firstOverlapping(tx, job, scope, { from: createdAfter, towards: "newer", except: job.sequence }),
  async active(most) {
    const [row] = await tx.query(
      `select count(*) as active from (select 1 from ${JOB} where status in ${tx.dialect.list("text")} limit ?) as counted`,
      [JSON.stringify(ACTIVE_STATUSES), most],
    );
    return Number(row?.active);
  },
});

/**
 * Returns the latest earlier job that holds an overlapping scope: the one that a queued job waits for. Locks that job's paths
 * until the transaction ends, so that it cannot end before the queued job is known to wait for it.
 */
export async function blockerOf(tx: SqlTransaction, job: Job): Promise<Job | undefined> {
  const { forUpdate } = tx.dialect;
  for (;;) {
    const scope = scopeOfRequest(job.request);
    const earlier = await firstOverlapping(tx, job, scope, { from: job.sequence, towards: "older" });
    if (!earlier || forUpdate === "") return earlier;
    const locked = await tx.query(`select sequence from ${HELD_PATH} where sequence = ? ${forUpdate}`, [
      earlier.sequence,
    ]);
    // None: it ended meanwhile, and the next search does not find it.
    if (locked.length > 0) return earlier;
  }
}
