import { FILE_TYPES } from "../asset/file-type.js";
import { hasWorkLeft, type Job } from "./job.js";
import { isFinal } from "./lifecycle.js";
import { sumOf } from "./tally.js";

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

/** Returns assets per second over recent working time; null if there are too few measurements. */
export function throughputOf(job: Pick<Job, "pace">): number | null {
  const { assets, workedMs } = job.pace;
  return assets >= MIN_ASSETS && workedMs > 0 ? (assets / workedMs) * 1000 : null;
}
const MIN_ASSETS = 5;

/**
 * Estimates the remaining time: the remaining assets of each file type at that type's measured cost, divided by the
 * measured concurrency. A type without measurements counts at the average cost.
 */
export function etaOf(job: Omit<Job, "request">): Eta {
  if (isFinal(job.state.status)) return eta(0, "DONE");
  const rate = throughputOf(job);
  // Nobody knows when a worker will take up a job that waits.
  if (rate === null || job.state.status === "WAITING") return UNKNOWN_ETA;
  const { types, assets, workedMs } = job.pace;
  const busyMs = Object.values(types).reduce((sum, type) => sum + type.busyMs, 0);
  let remainingBusyMs = 0;
  for (const type of FILE_TYPES) {
    const tally = job.tally.types[type];
    if (!tally) continue;
    const left = tally.total - tally.succeeded - tally.failed - tally.skipped;
    const seen = types[type];
    remainingBusyMs += left * (seen && seen.assets >= 1 ? seen.busyMs / seen.assets : busyMs / assets);
  }
  const concurrency = busyMs / workedMs;
  const total = sumOf(job.tally);
  const leftAssets = total.total - total.succeeded - total.failed - total.skipped;
  // If handlers take no measurable time, what remains costs what everything around them cost.
  const seconds = concurrency > 0.05 ? remainingBusyMs / concurrency / 1000 : leftAssets / rate;
  if (!hasWorkLeft(job)) return eta(0, "ESTIMATE");
  return eta(Number.isFinite(seconds) ? seconds : 0, job.counting === "SUCCESS" ? "ESTIMATE" : "LOWER_BOUND");
}
