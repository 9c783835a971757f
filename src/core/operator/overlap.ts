import { AssetmillError } from "../errors.js";
import type { Job } from "../job/job.js";
import { holdsScope, type JobRequest, scopeOfRequest } from "../job/job-request.js";
import type { OtherJobs } from "../ports/job-store.js";

/** Throws PATH_BUSY, naming the job, if another job keeps this request from starting. */
export async function refuseStart(request: JobRequest, others: OtherJobs): Promise<void> {
  if (!holdsScope(request) || request.onOverlap === "queue") return;
  refuse(await others.oldestRival(scopeOfRequest(request)));
}

/**
 * Throws PATH_BUSY, naming the job, if another job keeps this one from resuming. A PAUSED job has kept its scope, so any
 * other job that holds it is queued before or behind it. An ended job has released its scope: if it is a queued one, it
 * waits for earlier jobs again, but later ones may have started meanwhile.
 */
export async function refuseResume(job: Job, others: OtherJobs): Promise<void> {
  if (!holdsScope(job.request) || job.state.status === "PAUSED") return;
  const queued = job.request.onOverlap === "queue";
  refuse(await others.oldestRival(scopeOfRequest(job.request), queued ? job.sequence : undefined));
}

function refuse(rival: Job | undefined): void {
  if (!rival) return;
  throw new AssetmillError(
    "PATH_BUSY",
    `job ${rival.id} (${rival.state.status}) holds an overlapping path, ${rival.request.paths[0]}; wait until it ends, or cancel it`,
    { ids: { jobId: rival.id, status: rival.state.status } },
  );
}
