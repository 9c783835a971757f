import type { Asset } from "../../src/core/asset.js";
import type { ManifestEntry } from "../../src/core/chunk.js";
import type { FileType } from "../../src/core/file-type.js";
import type { Job, JobState } from "../../src/core/job.js";
import type { JobFacts } from "../../src/core/job-transitions.js";
import type { Failed, Skipped, Succeeded } from "../../src/core/outcome.js";
import { NO_PACE } from "../../src/core/progress/pace.js";
import type { Tally } from "../../src/core/tally.js";

export const assetOf = (path: string, over: Partial<Asset> = {}): Asset => ({
  path,
  fileType: "DITATOPIC",
  sizeBytes: 10,
  createdMs: 1_000,
  modifiedMs: 2_000,
  ...over,
});

/** `/root/a0000`, `/root/a0001`, …: path order is the order of their numbers. */
export const pathsOf = (count: number, root = "/root"): string[] =>
  Array.from({ length: count }, (_, i) => `${root}/a${String(i).padStart(4, "0")}`);

export const entriesOf = (paths: readonly string[]): ManifestEntry[] => paths.map((path) => ({ asset: assetOf(path) }));

export const SUCCEEDED: Succeeded = Object.freeze({ kind: "SUCCEEDED", attempts: 1, warnings: [] });

export const failedWith = (code: string, message = "broken"): Failed => ({
  kind: "FAILED",
  code,
  message,
  handler: "h",
  attempts: 1,
});

export const skippedFor = (code: Skipped["code"]): Skipped => ({ kind: "SKIPPED", code, attempts: 0 });

export const tallyOf = (
  counts: { total?: number; succeeded?: number; failed?: number; skipped?: number },
  type: FileType = "DITATOPIC",
): Tally => ({ types: { [type]: { total: 0, succeeded: 0, failed: 0, skipped: 0, ...counts } }, skips: {} });

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
  state: PROCESSING,
  attempt: 1,
  comments: "",
  counting: "SUCCESS",
  tally: tallyOf({ total: 10 }),
  triggered: 0,
  openChunks: 1,
  attemptBase: { failed: 0, processed: 0 },
  pace: NO_PACE,
  progressLoggedAtMs: 2_000,
  logLines: 0,
  ...over,
});

export const factsOf = (over: Partial<JobFacts> = {}): JobFacts => ({ leased: false, nowMs: 5_000, ...over });
