import { FILE_TYPES, type FileType } from "../asset/file-type.js";
import type { CountingStatus, Job } from "./job.js";
import { hasWorkLeft } from "./job.js";
import type { SkipCode } from "../asset/outcome.js";
import { holdsScope } from "./job-request.js";
import { flagsOf, type JobStatus } from "./lifecycle.js";
import { type CutList, listedRequest, type ListedJob } from "./listed-job.js";
import { type Eta, etaOf, throughputOf, UNKNOWN_ETA } from "./eta.js";
import { sumOf } from "./tally.js";

/** The status object of CONTRACT.md: documented fields first, then ours. */
export interface JobReport {
  readonly processingId: string;
  readonly path: string;
  /** Left out if the request had none; also in events, which do not repeat it. In lists of jobs only the first 100. */
  readonly excludedPaths?: readonly string[];
  /** How many paths are excluded; only where `excludedPaths` does not have them all. */
  readonly excludedPathsCount?: number;
  readonly status: JobStatus;
  readonly triggeredCount: number;
  /** Epoch milliseconds; 0: not yet. */
  readonly startedAt: number;
  /** Epoch milliseconds; 0: not yet. */
  readonly completedAt: number;
  readonly hasLogs: boolean;
  readonly createdBy: string;
  readonly type: string;
  readonly migrationSet: { readonly totalFiles: number; readonly calculationStatus: CountingStatus };
  readonly eta: Eta;
  readonly comments: string;
  readonly filter?: {
    readonly fileTypes: readonly FileType[];
    readonly startTime?: number;
    readonly endTime?: number;
    readonly filterProcessedAssets: boolean;
  };
  readonly restartable: boolean;
  readonly resumable: boolean;
  readonly cancellable: boolean;
  /** In lists of jobs and events only the first 100. */
  readonly paths: readonly string[];
  /** How many paths the request has; only where `paths` does not have them all. */
  readonly pathsCount?: number;
  readonly priority: number;
  readonly attempt: number;
  readonly processedCount: number;
  readonly succeededCount: number;
  readonly failedCount: number;
  readonly skippedCount: number;
  /** Warnings about the request, and those that handlers returned. Their text is in the log. */
  readonly warningCount: number;
  /** From 0 to 1; null while assets are still being counted. */
  readonly progress: number | null;
  /** Assets per second over recent working time; null if there are too few measurements. */
  readonly throughput: number | null;
  readonly pausing: boolean;
  /** Only if the job is at work but no worker holds any of it: since when. Epoch milliseconds. */
  readonly unattendedSince?: number;
  readonly restartedFrom?: string;
  readonly dryRun: boolean;
  /** Only for a dry run: what a real run would find. */
  readonly report?: DryRunReport;
}

/** Findings of a dry run so far. */
export interface DryRunReport {
  /** Number of assets by file type; types not found are left out. */
  readonly byType: Readonly<Partial<Record<FileType, number>>>;
  /** Number of assets by the skip rule that would skip them. */
  readonly skipped: Readonly<Partial<Record<SkipCode, number>>>;
  /** The first and the last asset in path order; null if there is none. */
  readonly first: string | null;
  readonly last: string | null;
  /** Null while the costs of earlier jobs are unknown. */
  readonly expectedSeconds: number | null;
}

/** What the store knows of a job besides what it stored; epoch milliseconds. */
export interface Seen {
  /** Since when nobody works on it, if so. Its speed and remaining time are then unknown. */
  readonly unattendedSinceMs?: number;
  /** The store's time. @defaultValue that of the last asset that ended */
  readonly nowMs?: number;
}

/** Returns a job as callers see it. */
export const reportOf = (job: Job, seen: Seen = {}): JobReport =>
  listedReportOf({ ...job, request: listedRequest(job.request, Number.POSITIVE_INFINITY) }, seen);

/** Like `reportOf`, for a job of a list. */
export function listedReportOf(job: ListedJob, { unattendedSinceMs, nowMs }: Seen = {}): JobReport {
  const { request, state } = job;
  const total = sumOf(job.tally);
  const processed = total.succeeded + total.failed + total.skipped;
  const counted = job.counting === "SUCCESS";
  const unattended = unattendedSinceMs !== undefined;
  const rate = unattended ? null : throughputOf(job);
  return {
    processingId: job.id,
    path: request.paths.first[0] ?? "/",
    ...(request.excludedPaths ? { excludedPaths: request.excludedPaths.first } : {}),
    ...(isShort(request.excludedPaths) ? { excludedPathsCount: request.excludedPaths.count } : {}),
    status: state.status,
    triggeredCount: job.triggered,
    startedAt: job.startedAtMs,
    completedAt: "completedAtMs" in state ? state.completedAtMs : 0,
    hasLogs: job.logLines > 0,
    createdBy: job.createdBy,
    type: request.type,
    migrationSet: { totalFiles: total.total, calculationStatus: job.counting },
    eta: unattended ? UNKNOWN_ETA : etaOf(job, nowMs),
    comments: unattended ? unattendedNote(job, unattendedSinceMs) : job.comments,
    ...(request.filter ? { filter: request.filter } : {}),
    ...offered(job),
    paths: request.paths.first,
    ...(isShort(request.paths) ? { pathsCount: request.paths.count } : {}),
    priority: request.priority,
    attempt: job.attempt,
    processedCount: processed,
    succeededCount: total.succeeded,
    failedCount: total.failed,
    skippedCount: total.skipped,
    warningCount: job.warnings,
    progress: !counted ? null : total.total === 0 || !holdsScope(request) ? 1 : processed / total.total,
    throughput: rate === null ? null : Math.round(rate * 10) / 10,
    pausing: state.status === "PROCESSING" && state.pausing,
    ...(unattended ? { unattendedSince: unattendedSinceMs } : {}),
    ...(job.restartedFrom === undefined ? {} : { restartedFrom: job.restartedFrom }),
    dryRun: request.dryRun === true,
    ...(request.dryRun ? { report: dryRunReportOf(job) } : {}),
  };
}

const isShort = (list: CutList | undefined): list is CutList => list !== undefined && list.count > list.first.length;

function unattendedNote({ comments }: Pick<Job, "comments">, sinceMs: number): string {
  const note = `nobody has worked on it since ${new Date(sinceMs).toISOString()}; it continues once a worker runs`;
  return comments === "" ? note : `${comments}; ${note}`;
}

/** A damaged job cannot be run again; nor can a listing, which is requested anew instead. */
function offered(job: ListedJob): ReturnType<typeof flagsOf> {
  const { restartable, resumable, cancellable } = flagsOf(job.state.status, hasWorkLeft(job));
  return {
    restartable: restartable && !job.damaged && !job.request.listing,
    resumable: resumable && !job.damaged,
    cancellable,
  };
}

function dryRunReportOf({ tally, found }: Pick<Job, "tally" | "found">): DryRunReport {
  const byType: Partial<Record<FileType, number>> = {};
  for (const type of FILE_TYPES) {
    const count = tally.types[type]?.total;
    if (count !== undefined) byType[type] = count;
  }
  return {
    byType,
    skipped: tally.skips,
    first: found?.first ?? null,
    last: found?.last ?? null,
    expectedSeconds: null,
  };
}
