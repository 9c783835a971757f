import { AssetmillError } from "../errors.js";
import type { Job } from "../job/job.js";
import { holdsScope, type JobRequest, scopeOfRequest } from "../job/job-request.js";
import { overlaps } from "../asset/scope.js";

const overlapping = (request: JobRequest, rivals: readonly Job[]): Job | undefined => {
  const scope = scopeOfRequest(request);
  return rivals.find((rival) => overlaps(scope, scopeOfRequest(rival.request)));
};

/** Throws PATH_BUSY, naming the job, if one of the rivals keeps this request from starting. */
export function refuseStart(request: JobRequest, rivals: readonly Job[]): void {
  if (holdsScope(request) && request.onOverlap !== "queue") refuse(overlapping(request, rivals));
}

/**
 * Throws PATH_BUSY if one of the rivals keeps this job from resuming. A PAUSED job has kept its scope, so any other job
 * that holds it is queued before or behind it. An ended job has released its scope: if it is a queued one, it waits for
 * earlier jobs again, but later ones may have started meanwhile.
 */
export function refuseResume(job: Job, rivals: readonly Job[]): void {
  if (!holdsScope(job.request) || job.state.status === "PAUSED") return;
  const queued = job.request.onOverlap === "queue";
  refuse(overlapping(job.request, queued ? rivals.filter((rival) => rival.sequence > job.sequence) : rivals));
}

function refuse(rival: Job | undefined): void {
  if (!rival) return;
  throw new AssetmillError(
    "PATH_BUSY",
    `job ${rival.id} (${rival.state.status}) holds an overlapping path, ${rival.request.paths[0]}; wait until it ends, or cancel it`,
    { ids: { jobId: rival.id, status: rival.state.status } },
  );
}
