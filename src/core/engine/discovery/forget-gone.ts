import { isUnavailable, messageOf } from "../../errors.js";
import type { Job } from "../../job/job.js";
import { coversWholeScope, scopeOfRequest } from "../../job/job-request.js";
import { info, type LogEntry } from "../../job/log-entry.js";
import type { EngineTools } from "../tools.js";

/** Results looked at together. */
const PAGE = 500;

/**
 * Removes results in the job's scope whose assets no longer exist, page by page. Called when discovery has seen the whole
 * scope and still holds its lease. Only for jobs over everything in their scope. Repeating it changes nothing: a discovery
 * that dies amid it does it again. Throws UNAVAILABLE only: results that cannot be removed now must not fail the job, and
 * are left to the next one.
 */
export async function forgetGone(
  job: Job,
  signal: AbortSignal,
  { repository, jobs }: Pick<EngineTools, "repository" | "jobs">,
): Promise<void> {
  if (!repository.forgetGone || !coversWholeScope(job.request)) return;
  const scope = scopeOfRequest(job.request);
  const say = (line: LogEntry) => jobs.update(job.id, (view) => ({ job: view.job, lines: [line] }));
  let removed = 0;
  let after: string | undefined;
  try {
    do {
      const page = await repository.forgetGone(scope, { limit: PAGE, exceptJob: job.id, ...(after ? { after } : {}) });
      removed += page.removed;
      after = page.next;
    } while (after !== undefined && !signal.aborted);
  } catch (error) {
    if (signal.aborted || isUnavailable(error)) throw error;
    await say({ level: "WARN", message: `Could not remove results of assets that are gone: ${messageOf(error)}` });
  }
  if (removed > 0) {
    await say(info(`Removed the results of ${removed} asset${removed === 1 ? "" : "s"} no longer in the repository`));
  }
}
