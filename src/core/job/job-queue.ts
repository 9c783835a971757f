import type { Job } from "./job.js";
import { scopeOfRequest } from "./job-request.js";
import { overlaps } from "../asset/scope.js";

/** Returns whether earlier jobs with an overlapping scope keep this one from being claimed. */
export const waitsForEarlier = ({ request, state }: Job): boolean =>
  request.onOverlap === "queue" && state.status === "WAITING";

/** Returns whether a queued job still waits behind one of the rivals, and so must not be claimed yet. */
export function mustWait(job: Job, rivals: readonly Job[]): boolean {
  if (!waitsForEarlier(job)) return false;
  const scope = scopeOfRequest(job.request);
  return rivals.some((rival) => rival.sequence < job.sequence && overlaps(scope, scopeOfRequest(rival.request)));
}
