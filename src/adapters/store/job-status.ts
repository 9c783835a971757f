import { accepts, JOB_STATUSES, type JobStatus, statusesOn } from "../../core/job/lifecycle.js";

/** SQL conditions on a job's row. The statuses in them are derived from the lifecycle table. */

const statusIn = (statuses: readonly JobStatus[]): string =>
  `status in (${statuses.map((status) => `'${status}'`).join(", ")})`;

/** SQL: `isClaimable`. */
export const CLAIMABLE = `${statusIn(statusesOn("claim"))} and pausing = 0 and giving_up is null`;

const DRAINS_ONLY = JOB_STATUSES.filter((status) => accepts(status, "drained") && !accepts(status, "claim"));

/** SQL: `isStopping`. */
export const STOPPING = `(${statusIn(DRAINS_ONLY)}
  or (${statusIn(statusesOn("claim"))} and (pausing = 1 or giving_up is not null)))`;

/** SQL: nothing is left to do, so the job can finish. */
export const FINISHED = `(${statusIn(statusesOn("finish"))} and counting = 'SUCCESS' and open_chunks = 0)`;
