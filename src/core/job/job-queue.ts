import type { Job } from "./job.js";
import { scopeOfRequest } from "./job-request.js";
import { overlaps } from "../asset/scope.js";

/** True for a job that was queued behind one of these and has not begun: it may not be claimed yet. */
export function mustWait(job: Job, rivals: readonly Job[]): boolean {
  if (job.request.onOverlap !== "queue" || job.state.status !== "WAITING") return false;
  const scope = scopeOfRequest(job.request);
  return rivals.some((rival) => rival.sequence < job.sequence && overlaps(scope, scopeOfRequest(rival.request)));
}
