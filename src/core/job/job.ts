import type { JobRequest } from "./job-request.js";
import type { Pace } from "./pace.js";
import type { Tally } from "./tally.js";

/** A job's status, with the fields that only this status has. */
export type JobState =
  | { readonly status: "WAITING" | "CANCELLING" | "PAUSED" }
  | {
      readonly status: "PROCESSING";
      readonly pausing: boolean;
      /** Why the job gives up, once it does. */
      readonly givingUp?: string;
    }
  | {
      readonly status: "SUCCESS" | "FAILURE" | "CANCELLED";
      /** Epoch milliseconds. */
      readonly completedAtMs: number;
    };

/** Status of discovery. WAITING: not begun. FAILURE: it did not complete. */
export type CountingStatus = "WAITING" | "PROCESSING" | "SUCCESS" | "FAILURE";

/** A job as stored: its request, its status, and the counters that commits update. */
export interface Job {
  /** The `processingId`: a UUID, kept across resumes. */
  readonly id: string;
  /** Position in the order of creation. */
  readonly sequence: number;
  readonly request: JobRequest;
  /** Identity of the repository that the job is bound to. */
  readonly repository: string;
  /** Set if its stored request can no longer be read. Such a job is shown as far as possible, but never run. */
  readonly damaged?: true;
  /** Names of the handlers that its type had at the start. Only a node that has all of them claims its work. */
  readonly handlers: readonly string[];
  readonly createdBy: string;
  readonly createdAtMs: number;
  /** 0: not yet. Kept across resumes. */
  readonly startedAtMs: number;
  /** When work of it was last claimed; epoch milliseconds, 0: never. */
  readonly claimedAtMs: number;
  readonly state: JobState;
  /** 1 at first; one more for each resume of an ended job. */
  readonly attempt: number;
  /** One sentence for people: why the job failed or was cancelled, or how it ended. */
  readonly comments: string;
  /** The ended job that this one repeats, or whose failed assets it retries. */
  readonly restartedFrom?: string;
  /** Only for a dry run: the first and the last asset in path order that discovery found. */
  readonly found?: { readonly first: string; readonly last: string };
  readonly counting: CountingStatus;
  /** Counts of assets found and of their outcomes. Processed means `succeeded + failed + skipped`. */
  readonly tally: Tally;
  /** Number of warnings about the request, and of those that handlers returned for assets whose outcome is stored. */
  readonly warnings: number;
  /** Assets in chunks that were claimed at least once, without those skipped by rules. */
  readonly triggered: number;
  /** Number of chunks with an asset that has no outcome yet. */
  readonly openChunks: number;
  /** Counts when this attempt began: `maxFailures` applies to what was added since. */
  readonly attemptBase: { readonly failed: number; readonly processed: number };
  readonly pace: Pace;
  /** When the last progress line was written; epoch milliseconds, 0: none yet. */
  readonly progressLoggedAtMs: number;
  /** Number of lines in the log. */
  readonly logLines: number;
}

/** The fields that a new job is created with; the store adds the rest. */
export type JobDraft = Pick<Job, "id" | "request" | "repository" | "handlers" | "createdBy"> & {
  readonly restartedFrom?: string;
  /** `costKeyOf` its type and handlers. @defaultValue that of the job it was restarted from; else none */
  readonly costKey?: string;
  /** The creator's key: a later start with this key and the same fingerprint returns this job. */
  readonly idempotency?: { readonly key: string; readonly fingerprint: string };
  /** Warnings about the request, for the log. */
  readonly warnings?: readonly string[];
};

/** Returns whether the job's handlers are being told to stop. */
export const isStopping = (job: Pick<Job, "state">): boolean =>
  job.state.status === "CANCELLING" ||
  (job.state.status === "PROCESSING" && (job.state.pausing || job.state.givingUp !== undefined));

/** Returns whether the status says that workers hold work of the job. */
export const isAtWork = ({ state }: Pick<Job, "state">): boolean =>
  state.status === "PROCESSING" || state.status === "CANCELLING";

/** Returns whether the job's discovery and chunks may be claimed. */
export const isClaimable = (job: Job): boolean =>
  job.state.status === "WAITING" || (job.state.status === "PROCESSING" && !isStopping(job));

/** Returns whether discovery is incomplete or an asset has no outcome. */
export const hasWorkLeft = (job: Pick<Job, "openChunks" | "counting">): boolean =>
  job.openChunks > 0 || job.counting !== "SUCCESS";
