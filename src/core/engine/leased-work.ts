import type { Lease } from "../job/lease.js";
import type { Job } from "../job/job.js";

/** Why work was told to stop. */
export type StopReason =
  "job is stopping" | "making way" | "lease lost" | "lease expired" | "unavailable" | "shutting down" | "failed";

/**
 * Returns whether a stop for this reason also ends all waiting, because the result is useless or not allowed any more.
 */
export const endsWaiting = (reason: StopReason): boolean =>
  reason !== "unavailable" && reason !== "failed" && reason !== "making way";

/** Work in progress under a lease of this process: a chunk or a discovery. */
export interface LeasedWork {
  readonly job: Job;
  readonly lease: Lease;
  /** When the lease expires on this process's monotonic clock, counted from when the last claim or renewal was sent. */
  leaseUntilMs: number;
  /** Aborted when nothing may be waited for any more: the job stops, the lease is gone, or the process ends. */
  readonly over: AbortSignal;
  /** Whether its process may hold no other lease. */
  readonly alone: boolean;
  /** When it was claimed, on this process's monotonic clock. */
  readonly sinceMs: number;
  /** Whether it was told to stop. */
  readonly isStopped: boolean;
  /** Whether something of it would be stored if it stopped now, so that it gets somewhere however often it makes way. */
  readonly hasProgress: boolean;
  /** Starts nothing more. If `abort`, also aborts what is in flight. */
  stop(reason: StopReason, abort: boolean): void;
  /** Ends without waiting for handlers that ignore their signal. */
  abandon(): void;
  /** Ends what has been in flight for longer than its deadline. */
  enforceDeadline(nowMs: number): void;
}
