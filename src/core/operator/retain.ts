import type { Clock } from "../ports/clock.js";
import type { JobRetention, RetentionRule } from "../ports/job-retention.js";

/** Between two steps others have the database. */
const PAUSE_MS = 20;

/** Deletes what the rule does not keep, step by step, until nothing is left to delete or `signal` is aborted. */
export async function retain(
  retention: JobRetention,
  rule: RetentionRule,
  clock: Clock,
  signal: AbortSignal,
): Promise<number> {
  let deleted = 0;
  for (let more = true; more && !signal.aborted;) {
    const step = await retention.step(rule);
    deleted += step.deleted;
    more = step.more;
    if (more) await clock.sleep(PAUSE_MS, signal);
  }
  return deleted;
}
