import { schedule } from "node-cron";
import type { Clock } from "../../core/ports/clock.js";
import type { JobRetention, RetentionRule } from "../../core/ports/job-retention.js";
import { retain } from "../../core/operator/retain.js";

/** Every ten minutes: even on a busy day the history exceeds the rule only briefly. */
const WHEN = "*/10 * * * *";

interface RetentionScheduleOptions {
  readonly retention: JobRetention;
  readonly rule: RetentionRule;
  readonly clock: Clock;
  readonly onError: (error: unknown) => void;
}

/** Deletes jobs that the rule does not keep, at once and then on schedule; runs never overlap. Returns a function that stops it. */
export function scheduleRetention({ retention, rule, clock, onError }: RetentionScheduleOptions): () => Promise<void> {
  const over = new AbortController();
  let running: Promise<void> = Promise.resolve();
  let busy = false;
  const run = (): void => {
    if (busy || over.signal.aborted) return;
    busy = true;
    running = retain(retention, rule, clock, over.signal)
      // The next run may succeed.
      .then(() => {}, onError)
      .finally(() => {
        busy = false;
      });
  };
  const task = schedule(WHEN, run, { unref: true, suppressMissedWarning: true });
  run();
  return async () => {
    over.abort();
    await task.destroy();
    await running;
  };
}
