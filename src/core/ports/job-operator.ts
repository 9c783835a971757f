import type { AssetStatusPage } from "../job/asset-status.js";
import type { JobEvent } from "../job/job-event.js";
import type { JobReport } from "../job/job-report.js";
import type { JobStatus } from "../job/lifecycle.js";
import type { Tally, TypeTally } from "../job/tally.js";
import type { AssetResult } from "../asset/asset-result.js";
import type { LogPage } from "./job-log.js";
import type { OutcomePage, OutcomeQuery } from "./job-reports.js";

/** What a start request may hold, before it is normalised. Unknown fields are refused. */
export interface StartRequest {
  readonly path?: string;
  readonly paths?: readonly string[];
  readonly excludedPaths?: string | readonly string[];
  readonly type: string;
  readonly filter?: {
    readonly fileTypes?: string | readonly string[];
    readonly startTime?: number;
    readonly endTime?: number;
    readonly filterProcessedAssets?: boolean;
  };
  readonly priority?: number;
  readonly maxFailures?: number | string;
  /** Only discovery: counts, and writes nothing. @defaultValue false */
  readonly dryRun?: boolean;
  /** What an active job on an overlapping scope means: PATH_BUSY, or WAITING until that one ended. @defaultValue refuse */
  readonly onOverlap?: "refuse" | "queue";
}

export interface StartOptions {
  /** As `IDEMPOTENCY_KEY`; the principal's own. The same key and request give the same job again. */
  readonly idempotencyKey?: string;
}

/** Which jobs; all conditions together. */
export interface HistoryQuery {
  /** From 1 to `HISTORY_PAGE.most`. @defaultValue `HISTORY_PAGE.default` */
  readonly limit?: number;
  /** A `processingId`: only jobs created before that one. */
  readonly before?: string;
  readonly status?: JobStatus;
  readonly type?: string;
  /** Jobs of which a root is this path or lies below it. */
  readonly path?: string;
  readonly createdBy?: string;
}

/** Whose status is asked for. */
export interface AssetStatusRequest {
  readonly path?: string;
  readonly paths?: readonly string[];
  readonly excludedPaths?: string | readonly string[];
}

/** Which lines: from `offset`, or the last `tail` ones; both together are refused. */
export interface LogQuery {
  /** @defaultValue 0 */
  readonly offset?: number;
  /** From 1 to `LOG_PAGE.most`. @defaultValue `LOG_PAGE.default` */
  readonly limit?: number;
  readonly tail?: number;
}

/** What a job found and how that ended. */
export interface JobSummary extends Tally {
  readonly total: TypeTally;
}

/** What may be asked of jobs that exist. Errors: JOB_NOT_FOUND, ILLEGAL_STATE with the current status. */
export interface JobControl {
  status(processingId: string): Promise<JobReport>;
  summary(processingId: string): Promise<JobSummary>;
  cancel(processingId: string, by: string): Promise<JobReport>;
  pause(processingId: string, by: string): Promise<JobReport>;
  resume(processingId: string, by: string): Promise<JobReport>;
  /** A new job with the request of an ended one. PATH_BUSY like `start`. */
  restart(processingId: string, by: string): Promise<{ readonly processingId: string }>;
  /** A new job over exactly the failed assets of an ended one. ILLEGAL_STATE where none failed. */
  retryFailed(processingId: string, by: string): Promise<{ readonly processingId: string }>;
  /** Newest created first. */
  history(query?: HistoryQuery): Promise<readonly JobReport[]>;
  logs(processingId: string, query?: LogQuery): Promise<LogPage & { readonly limit: number }>;
  outcomes(processingId: string, query: OutcomeQuery): Promise<OutcomePage>;
  /**
   * What happens to a job from `after` on (undefined: from its first log line), until it has ended and all was told, or
   * `signal` is aborted. INVALID_PARAMETER where `after` is no id of an event.
   */
  events(
    processingId: string,
    options?: { readonly after?: string; readonly signal?: AbortSignal },
  ): AsyncIterable<JobEvent>;
}

/** A job that was started, or found at work. */
export interface StartedOrJoined {
  readonly processingId: string;
  readonly joined: boolean;
  /** Handlers that are here, but not part of the job that was joined: it runs those it was started with. */
  readonly leftOut: readonly string[];
}

/** The driving port: everything that may be asked of assetmill. Errors: AssetmillError with a code of CONTRACT.md. */
export interface JobOperator extends JobControl {
  /** A durable, WAITING job once it resolves. PATH_BUSY (naming the job) where an active job of the type overlaps. */
  start(request: StartRequest, by: string, options?: StartOptions): Promise<{ readonly processingId: string }>;
  /**
   * Like start; but an active job of exactly this request is joined instead of refused. PATH_BUSY where that one needs a
   * handler that is not here.
   */
  startOrJoin(request: StartRequest, by: string): Promise<StartedOrJoined>;
  /** What processing wrote about an asset; undefined where nothing. PATH_NOT_FOUND where no asset stands there. */
  results(path: string): Promise<AssetResult | undefined>;
  /** Begins to list what lies at these paths, missing ones included. Holds no scope, and is not in the history. */
  askAssetStatus(request: AssetStatusRequest, by: string): Promise<{ readonly jobId: string; readonly status: string }>;
  /** How the listed assets stand now. `after`: the `next` of an earlier page. */
  assetStatus(jobId: string, query?: { readonly after?: string; readonly limit?: number }): Promise<AssetStatusPage>;
}
