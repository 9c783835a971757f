import { AssetmillError } from "../../core/errors.js";
import { isStopping, type Job } from "../../core/job/job.js";
import { checkChange, type JobChange, type JobFacts } from "../../core/job/job-transitions.js";
import { isFinal } from "../../core/job/lifecycle.js";
import type { SqlTransaction } from "../sql/sql-database.js";
import { changingColumns, jobOfRow } from "./job-mapper.js";
import { JobRow } from "./job-row.js";
import { insertLines } from "./log-blocks.js";
import { holdScope, letGoOfScope } from "./held-scopes.js";
import { JOB, LEASE } from "./tables.js";

/** Stored status of a job that retention is deleting; every port hides such a job. */
export const DELETING = "DELETING";

const jobNotFound = (id: string): AssetmillError =>
  new AssetmillError("JOB_NOT_FOUND", `there is no job ${id.slice(0, 100)}`, { ids: { jobId: id } });

/** Locks the job's row until the transaction ends, and returns the job. Throws JOB_NOT_FOUND. */
export async function lockJob(tx: SqlTransaction, id: string): Promise<Job> {
  const { forUpdate } = tx.dialect;
  // Locked first, then read by a new statement, which sees what the previous holder of the lock committed.
  if (forUpdate !== "") await tx.query(`select 1 from ${JOB} where id = ? ${forUpdate}`, [id]);
  const row = await tx.manager.findOneBy(JobRow, { id });
  if (!row || row.status === DELETING) throw jobNotFound(id);
  return jobOfRow(row);
}

/**
 * Returns the facts from the lease rows; the job's row must be locked. Reads them only if they can matter, for a job that
 * is stopping or may give up by itself. Otherwise assumes `leased: true`, which ends nothing.
 */
export async function factsOf(tx: SqlTransaction, job: Job): Promise<JobFacts> {
  if (!isStopping(job) && job.request.maxFailures === undefined) return { leased: true, nowMs: tx.nowMs };
  return certainFactsOf(tx, job.id);
}

/** Like `factsOf`, but always reads the lease rows: for changes by a caller or a failed discovery. */
export async function certainFactsOf(tx: SqlTransaction, id: string): Promise<JobFacts> {
  const [row] = await tx.query(
    `select exists (select 1 from ${LEASE} where job_id = ? and state = 'LEASED') as leased`,
    [id],
  );
  return { leased: Boolean(row?.leased), nowMs: tx.nowMs };
}

/** Keeps other transactions from letting a job take or regain its scope. Must be called before any row is locked. */
export const lockScopes = (tx: SqlTransaction): Promise<void> => tx.lock("scopes");

/**
 * Stores a transition's result with its log lines, and returns the job as stored. Throws if the lifecycle does not
 * allow the change.
 */
export async function storeChange(tx: SqlTransaction, before: Job, change: JobChange): Promise<Job> {
  if (change.job === before && change.lines.length === 0) return before;
  checkChange(before, change);
  const logLines = await insertLines(tx, before, change.lines);
  const job = { ...change.job, logLines };
  await tx.manager.update(JobRow, { id: job.id }, changingColumns(job));
  const hadEnded = isFinal(before.state.status);
  if (isFinal(job.state.status) !== hadEnded) await (hadEnded ? holdScope(tx, job) : letGoOfScope(tx, job));
  return job;
}
