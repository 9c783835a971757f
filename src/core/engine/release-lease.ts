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
 * Gives the lease of stopped work back. Where the repository cannot be reached, the job says so, and a pause comes before.
 * An error that is nobody's absence ends the job: it can be resumed once that is mended. Repeats until the store answers;
 * gives up only once `over` is aborted, for then the lease runs out by itself.
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
