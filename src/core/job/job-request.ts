import type { FileType } from "../asset/file-type.js";
import { type Scope, scopeOf } from "../asset/scope.js";

/** The job type that copies assets to the target. Only a node with a target has it. */
export const MIGRATION_TYPE = "JCR_TO_DB_MIGRATION";

/** Ends the job as FAILURE once more assets than this failed: a count, or a percentage of those processed. */
export type MaxFailures = number | `${number}%`;

/** The form of a percentage of failures: 0% to 100%, with up to six decimals. */
export const FAILURES_PERCENTAGE = /^(?:100(?:\.0{1,6})?|[0-9]{1,2}(?:\.[0-9]{1,6})?)%$/;

/** The latest time that a filter may name, in epoch milliseconds: the last one that a Date can hold. */
export const MAX_EPOCH_MS = 8_640_000_000_000_000;

/** Times in this range, the upper bound excluded, are refused: in milliseconds they lie in 1970, in seconds in our days. */
export const EPOCH_SECONDS = Object.freeze({ from: 1_000_000_000, before: 10_000_000_000 });

/** A normalised start request: paths are absolute, defaults are filled in. */
export interface JobRequest {
  readonly type: string;
  /** At least one. The first is shown as `path`. */
  readonly paths: readonly string[];
  /** Undefined if the request had none, so that the response leaves it out too. */
  readonly excludedPaths?: readonly string[];
  /** Undefined if the request had none. */
  readonly filter?: RequestFilter;
  /** 0 is the highest priority, 9 the lowest: each step halves the job's share of slots and chunks. */
  readonly priority: number;
  readonly maxFailures?: MaxFailures;
  /** Runs discovery only: counts assets and writes nothing. */
  readonly dryRun?: true;
  /** Waits for earlier jobs with an overlapping scope. If undefined, the start is refused instead. */
  readonly onOverlap?: "queue";
  /** Set by `retry-failed`: process exactly the assets that failed in this job, whatever the tree contains now. */
  readonly failedOf?: string;
  /** Set by an asset status request: only list the assets. `missing`: roots that did not exist at the request. */
  readonly listing?: { readonly missing: readonly string[] };
}

/** The filter as sent on the wire. Times are epoch milliseconds, inclusive. */
export interface RequestFilter {
  readonly fileTypes: readonly FileType[];
  readonly startTime?: number;
  readonly endTime?: number;
  readonly filterProcessedAssets: boolean;
}

/** Returns the scope that a request asks the repository for. */
export function scopeOfRequest(request: Pick<JobRequest, "paths" | "excludedPaths" | "filter">): Scope {
  const { fileTypes = [], startTime, endTime } = request.filter ?? {};
  return scopeOf(request.paths, request.excludedPaths ?? [], {
    fileTypes,
    ...(startTime === undefined ? {} : { createdFromMs: startTime }),
    ...(endTime === undefined ? {} : { createdToMs: endTime }),
  });
}

/** Returns whether the job sees everything in its scope that is not excluded: no filter leaves out an asset. */
export const coversWholeScope = ({ filter, failedOf, ...request }: JobRequest): boolean =>
  holdsScope(request) &&
  failedOf === undefined &&
  (filter === undefined ||
    (filter.fileTypes.length === 0 && filter.startTime === undefined && filter.endTime === undefined));

/** Returns whether a job with this request holds its scope, so that no overlapping job may run meanwhile. */
export const holdsScope = (request: JobRequest | { readonly dryRun?: true; readonly listing?: true }): boolean =>
  !request.dryRun && !request.listing;
