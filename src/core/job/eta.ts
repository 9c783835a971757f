import { FILE_TYPES } from "../asset/file-type.js";
import { hasWorkLeft, type Job } from "./job.js";
import { isFinal } from "./lifecycle.js";
import { sumOf } from "./tally.js";

/** UNKNOWN: too little seen, value 0. LOWER_BOUND: still counting. DONE: nothing left to wait for. */
export type EtaBasis = "UNKNOWN" | "LOWER_BOUND" | "ESTIMATE" | "DONE";

/** Remaining seconds, whole, never negative, and what that rests on. */
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

/** Assets a second over recent working time; null where too little was seen. */
export function throughputOf(job: Job): number | null {
  const { assets, workedMs } = job.pace;
  return assets >= MIN_ASSETS && workedMs > 0 ? (assets / workedMs) * 1000 : null;
}
const MIN_ASSETS = 5;

/**
 * Remaining assets of each file type, at that type's measured cost, over the concurrency that was measured with it.
 * A type not seen yet counts at the average cost.
 */
export function etaOf(job: Job): Eta {
  if (isFinal(job.state.status)) return eta(0, "DONE");
  const rate = throughputOf(job);
  if (rate === null) return eta(0, "UNKNOWN");
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
  // Handlers that take no measurable time: what is left then costs what everything around them cost.
  const seconds = concurrency > 0.05 ? remainingBusyMs / concurrency / 1000 : leftAssets / rate;
  if (!hasWorkLeft(job)) return eta(0, "ESTIMATE");
  return eta(Number.isFinite(seconds) ? seconds : 0, job.counting === "SUCCESS" ? "ESTIMATE" : "LOWER_BOUND");
}
