import type { Clock } from "../ports/clock.js";
import type { JobRetention, RetentionRule } from "../ports/job-retention.js";

/** Pause between two steps, so that others can use the database. */
const PAUSE_MS = 20;

/** Deletes the jobs that the rule does not keep, step by step, until none is left or `signal` is aborted. */
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
