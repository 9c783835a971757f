import type { AssetStatusPage } from "../job/asset-status.js";
import type { JobEvent } from "../job/job-event.js";
import type { JobReport } from "../job/job-report.js";
import type { JobStatus } from "../job/lifecycle.js";
import type { Tally, TypeTally } from "../job/tally.js";
import type { AssetResult } from "../asset/asset-result.js";
import type { LogPage } from "./job-log.js";
import type { OutcomePage, OutcomeQuery } from "./job-reports.js";

/** A start request before it is normalised. Unknown fields are refused; null is as good as absent. */
export interface StartRequest {
  readonly path?: string | null;
  readonly paths?: readonly string[] | null;
  readonly excludedPaths?: string | readonly string[] | null;
  readonly type: string;
  readonly filter?: {
    readonly fileTypes?: string | readonly string[] | null;
    readonly startTime?: number | null;
    readonly endTime?: number | null;
    readonly filterProcessedAssets?: boolean | null;
  } | null;
  readonly priority?: number | null;
  readonly maxFailures?: number | string | null;
  /** Runs discovery only: counts assets and writes nothing. @defaultValue false */
  readonly dryRun?: boolean | null;
  /**
   * If an active job's scope overlaps: "refuse" with PATH_BUSY, or "queue" until that job has ended.
   * @defaultValue refuse
   */
  readonly onOverlap?: "refuse" | "queue" | null;
}

export interface StartOptions {
  /** Must match `IDEMPOTENCY_KEY`. For one principal, the same key and request always return the same job. */
  readonly idempotencyKey?: string;
}

/** Selects jobs that meet all given conditions. */
export interface HistoryQuery {
  /** From 1 to `HISTORY_PAGE.most`. @defaultValue `HISTORY_PAGE.default` */
  readonly limit?: number;
  /** A `processingId`: selects only jobs created before that one. */
  readonly before?: string;
  readonly status?: JobStatus;
  readonly type?: string;
  /** Selects jobs with a root at or below this path. */
  readonly path?: string;
  readonly createdBy?: string;
}

/** Jobs of the history. Of long lists of paths, only the beginning is there. */
export interface HistoryPage {
  /** As many as requested, or fewer where they are large. */
  readonly jobs: readonly JobReport[];
  /** Continues the history: the `before` of the next page. Undefined if no other job follows. */
  readonly next?: string;
}

/** Selects the assets whose status is asked for. */
export interface AssetStatusRequest {
  readonly path?: string | null;
  readonly paths?: readonly string[] | null;
  readonly excludedPaths?: string | readonly string[] | null;
}

/** Selects log lines: from `offset` on, or the last `tail` lines. `tail` cannot be combined with the others. */
export interface LogQuery {
  /** @defaultValue 0 */
  readonly offset?: number;
  /** From 1 to `LOG_PAGE.most`. @defaultValue `LOG_PAGE.default` */
  readonly limit?: number;
  readonly tail?: number;
}

/** Counts of a job's assets and outcomes. */
export interface JobSummary extends Tally {
  readonly total: TypeTally;
}

/** Queries and controls existing jobs. Errors: JOB_NOT_FOUND, ILLEGAL_STATE with the current status. */
export interface JobControl {
  status(processingId: string): Promise<JobReport>;
  summary(processingId: string): Promise<JobSummary>;
  cancel(processingId: string, by: string): Promise<JobReport>;
  pause(processingId: string, by: string): Promise<JobReport>;
  resume(processingId: string, by: string): Promise<JobReport>;
  /** Starts a new job with the request of an ended one. PATH_BUSY as for `start`. */
  restart(processingId: string, by: string): Promise<{ readonly processingId: string }>;
  /** Starts a new job for exactly the failed assets of an ended one. ILLEGAL_STATE if none failed. */
  retryFailed(processingId: string, by: string): Promise<{ readonly processingId: string }>;
  /** Returns jobs, the most recently created first. */
  history(query?: HistoryQuery): Promise<HistoryPage>;
  logs(processingId: string, query?: LogQuery): Promise<LogPage & { readonly limit: number }>;
  outcomes(processingId: string, query: OutcomeQuery): Promise<OutcomePage>;
  /**
   * Yields a job's events after the event id `after`, or from the first log line if it is undefined. Ends when the job
   * has ended and all its events were yielded, or when `signal` is aborted. INVALID_PARAMETER if `after` is not an
   * event id.
   */
  events(
    processingId: string,
    options?: { readonly after?: string; readonly signal?: AbortSignal },
  ): AsyncIterable<JobEvent>;
}

/** A job that was started, or an active one that was joined. */
export interface StartedOrJoined {
  readonly processingId: string;
  readonly joined: boolean;
  /** Handlers of this node that the joined job does not run: it runs only those it was started with. */
  readonly leftOut: readonly string[];
  /** Sentences about the request that the caller should know, such as an excluded path that does not exist. */
  readonly warnings: readonly string[];
}

/** What processing wrote about an asset. */
export interface ShownResult extends AssetResult {
  /** False if the asset is gone, or cannot be read any more. */
  readonly exists: boolean;
}

/**
 * The driving port: everything that callers can ask of assetmill. Errors: AssetmillError with a code of CONTRACT.md.
 */
export interface JobOperator extends JobControl {
  /**
   * Starts a job. Once this resolves, the job is durable and WAITING. PATH_BUSY, naming the other job, if the scope of
   * an active job of the same type overlaps.
   */
  start(request: StartRequest, by: string, options?: StartOptions): Promise<{ readonly processingId: string }>;
  /**
   * Like `start`, but joins an active job with exactly the same request instead of failing. PATH_BUSY if that job needs
   * a handler that this node does not have.
   */
  startOrJoin(request: StartRequest, by: string): Promise<StartedOrJoined>;
  /**
   * Joins a job that waits for a worker or is under way. ILLEGAL_STATE if it is paused, has ended, or needs a handler that
   * this node does not have; INVALID_PARAMETER if it is bound to another repository.
   */
  join(processingId: string): Promise<StartedOrJoined>;
  /**
   * Returns what processing wrote about an asset; undefined if nothing. Results may outlive their asset: until the next
   * job over everything in that place ends, they are returned with `exists: false`. PATH_NOT_FOUND if there is neither.
   */
  results(path: string): Promise<ShownResult | undefined>;
  /**
   * Starts a job that lists the assets at these paths, missing ones included. It holds no scope and is not in the
   * history.
   */
  askAssetStatus(request: AssetStatusRequest, by: string): Promise<{ readonly jobId: string; readonly status: string }>;
  /** Returns the current status of the listed assets. `after`: the `next` of an earlier page. */
  assetStatus(jobId: string, query?: { readonly after?: string; readonly limit?: number }): Promise<AssetStatusPage>;
}
