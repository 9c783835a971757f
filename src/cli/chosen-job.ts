import { AssetmillError, invalidParameter } from "../core/errors.js";
import type { JobReport } from "../core/job/job-report.js";
import type { StartRequest } from "../core/ports/job-operator.js";
import { type RequestFlags, requestOf } from "./start-request.js";
import { storeFlag } from "./store-flag.js";

export interface ChoiceFlags extends RequestFlags {
  readonly job?: string;
  readonly store?: string;
  readonly assets?: string;
}

/** What `process` is to run: a request, or an existing job. */
export type ChosenJob = { readonly request: StartRequest } | { readonly jobId: string };

/** Flags that belong to a request; an existing job has its own. */
const OF_REQUEST = {
  exclude: "exclude",
  fileType: "file-type",
  createdAfter: "created-after",
  createdBefore: "created-before",
  onlyChanged: "only-changed",
  maxFailures: "max-failures",
  dryRun: "dry-run",
} as const satisfies Partial<Record<keyof RequestFlags, string>>;

/** Reads the path or `--job`. Throws INVALID_PARAMETER unless exactly one of them is given. */
export function chosenJob(path: string | undefined, flags: ChoiceFlags): ChosenJob {
  const { job } = flags;
  if (job === undefined) {
    if (path === undefined) throw invalidParameter("path", "is required, unless --job names a job");
    return { request: requestOf(path, flags) };
  }
  if (path !== undefined) throw invalidParameter("job", "cannot be combined with a path: the job has its own");
  for (const [key, flag] of Object.entries(OF_REQUEST)) {
    const value = flags[key as keyof typeof OF_REQUEST];
    if (value === undefined || (Array.isArray(value) && value.length === 0)) continue;
    throw invalidParameter(flag, "cannot be combined with --job: the job keeps the request it was started with");
  }
  return { jobId: job };
}

/** Throws ILLEGAL_STATE with the command to give first if the job does not run by itself. */
export function refuseResting(report: JobReport, flags: ChoiceFlags): void {
  const { processingId: id, status, resumable, restartable } = report;
  if (!resumable && !restartable) return;
  const command = resumable ? "resume" : "restart";
  const what = status === "PAUSED" ? "is PAUSED; resume it first" : `has ended: ${status}; ${command} it first`;
  throw new AssetmillError("ILLEGAL_STATE", `job ${id} ${what}: assetmill ${command} ${id}${storeFlag(flags)}`, {
    ids: { jobId: id, status },
  });
}
