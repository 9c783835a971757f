import { overlaps } from "../../src/core/asset/scope.js";
import type { Job } from "../../src/core/job/job.js";
import { scopeOfRequest } from "../../src/core/job/job-request.js";
import type { OtherJobs } from "../../src/core/ports/job-store.js";

/** Other jobs from a plain list, which is in any order. */
export const othersOf = (jobs: readonly Job[]): OtherJobs => ({
  oldestRival: async (scope, createdAfter = 0) =>
    [...jobs]
      .sort((a, b) => a.sequence - b.sequence)
      .find((job) => job.sequence > createdAfter && overlaps(scope, scopeOfRequest(job.request))),
  active: async (most) => Math.min(most, jobs.length),
});
