import type { JobRequest } from "./job-request.js";
import type { Pace } from "./pace.js";
import type { Tally } from "./tally.js";

/** A job's place in the lifecycle, with what only that place has. */
export type JobState =
  | { readonly status: "WAITING" | "CANCELLING" | "PAUSED" }
  | {
      readonly status: "PROCESSING";
      readonly pausing: boolean;
      /** Why it gives up, once it does. */
      readonly givingUp?: string;
    }
  | {
      readonly status: "SUCCESS" | "FAILURE" | "CANCELLED";
      /** Epoch milliseconds. */
      readonly completedAtMs: number;
    };

/** WAITING: not begun. FAILURE: discovery was impossible. */
export type CountingStatus = "WAITING" | "PROCESSING" | "SUCCESS" | "FAILURE";

/** A job as the store keeps it: its request, its place in the lifecycle, and the counters that its commits move on. */
export interface Job {
  /** The `processingId`: a UUID, kept across resumes. */
  readonly id: string;
  /** Position in the order of creation. */
  readonly sequence: number;
  readonly request: JobRequest;
  /** Identity of the repository it is bound to. */
  readonly repository: string;
  /** Its request can no longer be read: it is shown as far as it can, and never run. */
  readonly damaged?: true;
  /** Names of the handlers that its type had at the start; only a node that has them all takes it. */
  readonly handlers: readonly string[];
  readonly createdBy: string;
  readonly createdAtMs: number;
  /** 0: not yet. Kept across resumes. */
  readonly startedAtMs: number;
  readonly state: JobState;
  /** 1, and one more with each resume of an ended job. */
  readonly attempt: number;
  /** One sentence for people: why it failed or was cancelled, or how it ended. */
  readonly comments: string;
  /** The ended job whose request, or whose failed assets, this one took over. */
  readonly restartedFrom?: string;
  /** Of a dry run: the first and the last asset in path order that discovery has met. */
  readonly found?: { readonly first: string; readonly last: string };
  readonly counting: CountingStatus;
  /** Totals found and ends counted; `succeeded + failed + skipped` is what is processed. */
  readonly tally: Tally;
  /** Assets in chunks that were claimed at least once, skip rules left out. */
  readonly triggered: number;
  /** Chunks without an outcome for every asset. */
  readonly openChunks: number;
  /** What had failed and what was processed when this attempt began: `maxFailures` counts from there. */
  readonly attemptBase: { readonly failed: number; readonly processed: number };
  readonly pace: Pace;
  /** When the last progress line was written; epoch milliseconds, 0: none yet. */
  readonly progressLoggedAtMs: number;
  /** Lines in the log. */
  readonly logLines: number;
}

/** What a job is made from; the store adds the rest. */
export type JobDraft = Pick<Job, "id" | "request" | "repository" | "handlers" | "createdBy"> & {
  readonly restartedFrom?: string;
  /** Under this key of its creator's, the same request (by its fingerprint) is this job for ever. */
  readonly idempotency?: { readonly key: string; readonly fingerprint: string };
};

/** True while handlers are being told to stop. */
export const isStopping = (job: Job): boolean =>
  job.state.status === "CANCELLING" ||
  (job.state.status === "PROCESSING" && (job.state.pausing || job.state.givingUp !== undefined));

/** True where its discovery and chunks may be claimed. */
export const isClaimable = (job: Job): boolean =>
  job.state.status === "WAITING" || (job.state.status === "PROCESSING" && !isStopping(job));

/** True where an asset is without outcome or discovery is not complete. */
export const hasWorkLeft = (job: Job): boolean => job.openChunks > 0 || job.counting !== "SUCCESS";
