import { entriesOf } from "./cost.js";
import { hasWorkLeft, type Job } from "./job.js";
import { isFinal } from "./lifecycle.js";
import { costsOf, measuredAssets } from "./pace.js";
import { slownessOf, wallPerBusyOf } from "./speed.js";

/** UNKNOWN: too few measurements; the value is 0. LOWER_BOUND: still counting. DONE: the job has ended. */
export type EtaBasis = "UNKNOWN" | "LOWER_BOUND" | "ESTIMATE" | "DONE";

/** Remaining whole seconds, never negative, and what the estimate is based on. */
export interface Eta {
  readonly value: number;
  readonly unit: "SECONDS";
  readonly basis: EtaBasis;
}

const eta = (seconds: number, basis: EtaBasis): Eta => ({
  value: Math.min(Number.MAX_SAFE_INTEGER, Math.max(0, Math.ceil(seconds))),
  unit: "SECONDS",
  basis,
});

/** The remaining time is not known. */
export const UNKNOWN_ETA: Eta = eta(0, "UNKNOWN");

/** Fewer measurements say nothing. */
const MIN_ASSETS = 3;

/** Returns assets per second over recent working time; null if there are too few measurements. */
export function throughputOf({ pace }: Pick<Job, "pace">): number | null {
  return measuredAssets(pace) >= MIN_ASSETS && pace.workedMs > 0 ? (pace.assets / pace.workedMs) * 1000 : null;
}

/** Workers commit what has ended at least this often. */
const COMMIT_MS = 2_000;

/**
 * Returns the remaining working time: what is left of each file type at its cost, times the machine's recent speed, divided
 * by how many assets run side by side. `nowMs`, by the clock of the pace: the time since the last end is taken off. If it
 * is longer than any asset is expected to last, what is in flight is stuck and may last as long again.
 */
export function remainingMsOf({ pace, tally }: Pick<Job, "pace" | "tally">, nowMs = pace.lastAtMs): number {
  const costs = costsOf(pace);
  let workMs = 0;
  let longestMs = 0;
  let squares = 0;
  let busyMs = 0;
  for (const [type, { total, succeeded, failed, skipped, leftBytes = 0 }] of entriesOf(tally.types)) {
    const assets = total - succeeded - failed - skipped;
    if (assets <= 0) continue;
    const leftMs = costs.of(type, { assets, bytes: leftBytes });
    workMs += leftMs;
    longestMs = Math.max(longestMs, leftMs / assets);
  }
  for (const [, sums] of entriesOf(pace.types)) {
    squares += sums.timeSquares;
    busyMs += sums.busyMs;
  }
  const slowness = slownessOf(pace.spans);
  // Who looks at a random moment finds the long ones more often, and each half done.
  const ageMs = busyMs > 0 ? (slowness * squares) / (2 * busyMs) : 0;
  const leftMs = workMs * slowness * wallPerBusyOf(pace.spans, ageMs);
  const sinceMs = pace.lastAtMs === 0 ? 0 : Math.max(0, nowMs - pace.lastAtMs);
  const usualMs = COMMIT_MS + longestMs * slowness;
  return Math.max(0, leftMs - Math.min(sinceMs, usualMs)) + Math.max(0, sinceMs - usualMs);
}

/** Returns the remaining time as it is shown. `nowMs`: see `remainingMsOf`. */
export function etaOf(job: Omit<Job, "request">, nowMs?: number): Eta {
  if (isFinal(job.state.status)) return eta(0, "DONE");
  // Nobody knows when a worker will take up a job that waits.
  if (throughputOf(job) === null || job.state.status === "WAITING") return UNKNOWN_ETA;
  if (!hasWorkLeft(job)) return eta(0, "ESTIMATE");
  const seconds = remainingMsOf(job, nowMs) / 1000;
  return eta(Number.isFinite(seconds) ? seconds : 0, job.counting === "SUCCESS" ? "ESTIMATE" : "LOWER_BOUND");
}
