import { AssetmillError, isUnavailable, messageOf } from "../errors.js";
import { giveUp } from "../job/job-transitions.js";
import { backOff } from "./back-off.js";
import type { LeasedWork } from "./leased-work.js";
import { retryTools, retryWhileUnavailable } from "./retry-while-unavailable.js";
import type { EngineTools } from "./tools.js";
import type { UnavailableNotice } from "./health/unavailable-notice.js";

type ReleaseTools = Pick<EngineTools, "jobs" | "chunks" | "journal" | "clock" | "random"> & {
  readonly notice: UnavailableNotice;
};

/**
 * Releases the lease of stopped work. If the repository was unreachable, notes that in the job and pauses first. If any
 * other error stopped the work, the job gives up; it can be resumed when the cause is fixed. Retries while the store is
 * unreachable, until `over` is aborted: the lease then expires by itself.
 */
export async function releaseLease(
  work: LeasedWork,
  error: unknown,
  tools: ReleaseTools,
  over: AbortSignal,
): Promise<void> {
  const { jobs, chunks, journal, clock, random, notice } = tools;
  const { lease } = work;
  if (error !== undefined && !isUnavailable(error)) {
    journal.failed(lease.jobId, error);
    const why = AssetmillError.is(error) ? aboutPath(error) : `internal error: ${messageOf(error)}`;
    const giveUpJob = () => jobs.update(lease.jobId, ({ job, facts }) => giveUp(job, why, facts));
    await retryWhileUnavailable(giveUpJob, retryTools(tools, over));
  } else if (error !== undefined) {
    const pauseMs = backOff(3, random);
    journal.unavailable(error, pauseMs);
    await notice.say(lease.jobId, error);
    await clock.sleep(pauseMs, work.over);
  }
  await retryWhileUnavailable(() => chunks.release([lease]), retryTools(tools, over));
}

const aboutPath = ({ ids, message }: AssetmillError): string =>
  ids.path === undefined ? message : `${ids.path}: ${message}`;
