import type { FileType } from "../asset/file-type.js";
import { type Scope, scopeOf } from "../asset/scope.js";

/** The job type that copies assets to the target, and that only a node with a target has. */
export const MIGRATION_TYPE = "JCR_TO_DB_MIGRATION";

/** Ends the job as FAILURE once more assets than this failed: a count, or a percentage of those processed. */
export type MaxFailures = number | `${number}%`;

/** A start request in its one normalised form: paths absolute, defaults filled in. */
export interface JobRequest {
  readonly type: string;
  /** At least one; the first is the one shown as `path`. */
  readonly paths: readonly string[];
  /** Undefined where the request gave none, so that the answer leaves it out too. */
  readonly excludedPaths?: readonly string[];
  /** Undefined where the request gave none. */
  readonly filter?: RequestFilter;
  /** 0 goes first, 9 last. */
  readonly priority: number;
  readonly maxFailures?: MaxFailures;
  /** Only discovery: counts, and writes nothing. */
  readonly dryRun?: true;
  /** Waits for earlier jobs on an overlapping scope; undefined: such a job was refused. */
  readonly onOverlap?: "queue";
  /** `retry-failed`: exactly the assets that failed in this job, whatever the tree holds by now. */
  readonly failedOf?: string;
  /** Only a list of what lies there, to be asked about; with the roots that were missing when it was asked for. */
  readonly listing?: { readonly missing: readonly string[] };
}

/** The filter as the wire has it; times are epoch milliseconds, inclusive. */
export interface RequestFilter {
  readonly fileTypes: readonly FileType[];
  readonly startTime?: number;
  readonly endTime?: number;
  readonly filterProcessedAssets: boolean;
}

/** The question that the request asks of the repository. */
export function scopeOfRequest(request: Pick<JobRequest, "paths" | "excludedPaths" | "filter">): Scope {
  const { fileTypes = [], startTime, endTime } = request.filter ?? {};
  return scopeOf(request.paths, request.excludedPaths ?? [], {
    fileTypes,
    ...(startTime === undefined ? {} : { createdFromMs: startTime }),
    ...(endTime === undefined ? {} : { createdToMs: endTime }),
  });
}

/** True where it works on its scope: nobody else may meanwhile. */
export const holdsScope = (request: JobRequest): boolean => !request.dryRun && !request.listing;
