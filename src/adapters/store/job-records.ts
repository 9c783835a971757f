import { In, Not } from "typeorm";
import { AssetmillError } from "../../core/errors.js";
import { isStopping, type Job } from "../../core/job/job.js";
import { checkChange, type JobChange, type JobFacts } from "../../core/job/job-transitions.js";
import { ACTIVE_STATUSES } from "../../core/job/lifecycle.js";
import type { SqlTransaction } from "../sql/sql-database.js";
import { changingColumns, jobOfRow } from "./job-mapper.js";
import { JobRow } from "./job-row.js";
import { insertLines } from "./log-blocks.js";
import { JOB, LEASE } from "./tables.js";

/** The stored status of a job that retention is deleting: no port shows it any more. */
export const DELETING = "DELETING";

export const jobNotFound = (id: string): AssetmillError =>
  new AssetmillError("JOB_NOT_FOUND", `there is no job ${id.slice(0, 100)}`, { ids: { jobId: id } });

/** The job's row, held until the transaction ends. */
export async function holdJob(tx: SqlTransaction, id: string): Promise<Job> {
  const { forUpdate } = tx.dialect;
  // Held first and read by the next statement, which sees what the transaction before had stored.
  if (forUpdate !== "") await tx.query(`select 1 from ${JOB} where id = ? ${forUpdate}`, [id]);
  const row = await tx.manager.findOneBy(JobRow, { id });
  if (!row || row.status === DELETING) throw jobNotFound(id);
  return jobOfRow(row);
}

/**
 * What the lease rows say; read after the job's row is held. They are asked only where it can matter: for a job that is
 * stopping, or that may give up by itself. For others "leased" is the answer that ends nothing.
 */
export async function factsOf(tx: SqlTransaction, job: Job): Promise<JobFacts> {
  if (!isStopping(job) && job.request.maxFailures === undefined) return { leased: true, nowMs: tx.nowMs };
  return certainFactsOf(tx, job.id);
}

/** The same, asked in any case: for what a caller or a failed discovery may do to the job. */
export async function certainFactsOf(tx: SqlTransaction, id: string): Promise<JobFacts> {
  const [row] = await tx.query(
    `select exists (select 1 from ${LEASE} where job_id = ? and state = 'LEASED') as leased`,
    [id],
  );
  return { leased: Boolean(row?.leased), nowMs: tx.nowMs };
}

/** No other transaction lets a job take or regain its scope meanwhile. Before any row is held. */
export const holdScopes = (tx: SqlTransaction): Promise<void> => tx.alone("scopes");

/** Other jobs of the same repository and type that hold their scope, oldest first. */
export async function rivalsOf(tx: SqlTransaction, repository: string, type: string, except?: string): Promise<Job[]> {
  const rows = await tx.manager.find(JobRow, {
    where: {
      repository,
      type,
      holds: 1,
      status: In(ACTIVE_STATUSES),
      ...(except === undefined ? {} : { id: Not(except) }),
    },
    order: { sequence: "ASC" },
  });
  return rows.map(jobOfRow);
}

/** Stores what a transition decided, log lines included; returns the job as it now is. Refuses what the lifecycle denies. */
export async function storeChange(tx: SqlTransaction, before: Job, change: JobChange): Promise<Job> {
  if (change.job === before && change.lines.length === 0) return before;
  checkChange(before, change);
  const logLines = await insertLines(tx, before, change.lines);
  const job = { ...change.job, logLines };
  await tx.manager.update(JobRow, { id: job.id }, changingColumns(job));
  return job;
}
