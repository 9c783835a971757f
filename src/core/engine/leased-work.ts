import type { Lease } from "../job/lease.js";
import type { Job } from "../job/job.js";

/** Why work was told to stop. */
export type StopReason =
  "job is stopping" | "making way" | "lease lost" | "lease expired" | "unavailable" | "shutting down" | "failed";

/** True where whatever is still waited for is of no use, or must not be done any more. */
export const endsWaiting = (reason: StopReason): boolean =>
  reason !== "unavailable" && reason !== "failed" && reason !== "making way";

/** Something at work under a lease of this process: a chunk or a discovery. */
export interface LeasedWork {
  readonly job: Job;
  readonly lease: Lease;
  /** When the lease runs out by this process's monotonic clock, counted from sending the last claim or renewal. */
  leaseUntilMs: number;
  /** Aborted once nothing is to be waited for any more: the job stops, the lease is gone, or the process ends. */
  readonly over: AbortSignal;
  /** Whether its process may hold nothing beside it. */
  readonly alone: boolean;
  /** Starts nothing more; `abort` tells what is in flight, too. */
  stop(reason: StopReason, abort: boolean): void;
  /** Ends without what does not end by itself. */
  abandon(): void;
  /** Ends what has been in flight too long. */
  enforceDeadline(nowMs: number): void;
}
