import type { Job } from "../../core/job/job.js";
import { waitsForEarlier } from "../../core/job/job-queue.js";
import { holdsScope } from "../../core/job/job-request.js";
import type { SqlTransaction } from "../sql/sql-database.js";
import { enterPaths, removePaths } from "./held-paths.js";
import { blockerOf } from "./rivals.js";
import { JOB } from "./tables.js";

/**
 * A queued job's column `blocked_by` names one earlier job that it must wait for; claims pass over it until that one ends.
 * Null means only that none is known: it may be free, and a claim checks.
 */

/** Stores that a new or resumed job holds its scope, and what it waits for. Must be called under the lock of the scopes. */
export async function holdScope(tx: SqlTransaction, job: Job): Promise<void> {
  if (!holdsScope(job.request)) return;
  await enterPaths(tx, job);
  await checkQueue(tx, job);
}

/**
 * Stores what a queued job waits for, and returns whether it waits for anything. Must be called under the lock of the
 * scopes.
 */
export async function checkQueue(tx: SqlTransaction, job: Job): Promise<boolean> {
  if (!waitsForEarlier(job)) return false;
  const earlier = await blockerOf(tx, job);
  if (!earlier) return false;
  await tx.query(`update ${JOB} set blocked_by = ? where id = ? returning id`, [earlier.id, job.id]);
  return true;
}

/** Stores that an ended job no longer holds its scope: those that waited for it may be free. */
export async function letGoOfScope(tx: SqlTransaction, job: Job): Promise<void> {
  if (!holdsScope(job.request)) return;
  // First: a start that is about to wait for this job has locked them, and is seen afterwards.
  await removePaths(tx, job);
  await tx.query(`update ${JOB} set blocked_by = null where id = ? and blocked_by is not null returning id`, [job.id]);
  await tx.query(`update ${JOB} set blocked_by = null where blocked_by = ? returning id`, [job.id]);
}
