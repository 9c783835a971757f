import { AssetmillError } from "../errors.js";
import type { OtherJobs } from "../ports/job-store.js";

/** Default of the most active jobs. */
export const MAX_ACTIVE_JOBS = 10_000;

/** Throws TOO_MANY_JOBS if so many jobs are active already. */
export async function refuseTooMany(others: OtherJobs, most = MAX_ACTIVE_JOBS): Promise<void> {
  if ((await others.active(most)) < most) return;
  const jobs = most === 1 ? "1 job is" : `${most} jobs are`;
  throw new AssetmillError("TOO_MANY_JOBS", `${jobs} active, the most that may be; wait until one ends, or cancel it`);
}
