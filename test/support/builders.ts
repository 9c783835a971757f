import type { FileType } from "../../src/core/asset/file-type.js";
import type { CostSums } from "../../src/core/job/cost.js";
import type { Job, JobState } from "../../src/core/job/job.js";
import type { JobFacts } from "../../src/core/job/job-transitions.js";
import { NO_PACE } from "../../src/core/job/pace.js";
import type { Tally } from "../../src/core/job/tally.js";

export {
  assetOf,
  entriesOf,
  failedWith,
  pathsOf,
  skippedFor,
  SUCCEEDED,
} from "../../src/testing/conformance/job-steps.js";

export const tallyOf = (
  counts: { total?: number; succeeded?: number; failed?: number; skipped?: number; leftBytes?: number },
  type: FileType = "DITATOPIC",
): Tally => ({ types: { [type]: { total: 0, succeeded: 0, failed: 0, skipped: 0, ...counts } }, skips: {} });

/** Measurements of assets of one type and size that take equally long. */
export const costOf = (assets: number, busyMs: number, sizeBytes = 0): CostSums => ({
  assets,
  bytes: assets * sizeBytes,
  busyMs,
  sizeSquares: assets * sizeBytes ** 2,
  products: sizeBytes * busyMs,
  timeSquares: assets === 0 ? 0 : busyMs ** 2 / assets,
});

export const PROCESSING: JobState = { status: "PROCESSING", pausing: false };

/** A job at work: counted, ten assets, one chunk open. */
export const jobOf = (over: Partial<Job> = {}): Job => ({
  id: "11111111-1111-4111-8111-111111111111",
  sequence: 1,
  request: { type: "ASSET_PROCESSING", paths: ["/root"], priority: 5 },
  repository: "folder:/r",
  handlers: ["h"],
  createdBy: "ann",
  createdAtMs: 1_000,
  startedAtMs: 2_000,
  claimedAtMs: 2_000,
  state: PROCESSING,
  attempt: 1,
  comments: "",
  counting: "SUCCESS",
  tally: tallyOf({ total: 10 }),
  triggered: 0,
  openChunks: 1,
  warnings: 0,
  attemptBase: { failed: 0, processed: 0 },
  pace: NO_PACE,
  progressLoggedAtMs: 2_000,
  logLines: 0,
  ...over,
});

export const factsOf = (over: Partial<JobFacts> = {}): JobFacts => ({ leased: false, nowMs: 5_000, ...over });
