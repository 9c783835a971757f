import { AssetmillError } from "../errors.js";
import type { Job } from "../job/job.js";
import { holdsScope, type JobRequest, scopeOfRequest } from "../job/job-request.js";
import { overlaps } from "../asset/scope.js";

const overlapping = (request: JobRequest, rivals: readonly Job[]): Job | undefined => {
  const scope = scopeOfRequest(request);
  return rivals.find((rival) => overlaps(scope, scopeOfRequest(rival.request)));
};

/** PATH_BUSY, naming the job, where a start is refused for one of these. */
export function refuseStart(request: JobRequest, rivals: readonly Job[]): void {
  if (holdsScope(request) && request.onOverlap !== "queue") refuse(overlapping(request, rivals));
}

/**
 * The same for a resume. A PAUSED job never gave its scope up: whoever else holds it was there before it, or is queued
 * behind it. An ended one did: a queued job waits for earlier ones, but later ones went ahead of it meanwhile.
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
    `job ${rival.id} (${rival.state.status}) holds an overlapping path, ${rival.request.paths[0]}, until it has ended or is cancelled`,
    { ids: { jobId: rival.id, status: rival.state.status } },
  );
}
