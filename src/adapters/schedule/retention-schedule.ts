import { schedule } from "node-cron";
import type { Clock } from "../../core/ports/clock.js";
import type { JobRetention, RetentionRule } from "../../core/ports/job-retention.js";
import { retain } from "../../core/operator/retain.js";

/** Every ten minutes: often enough that a busy day is never far beyond the rule. */
const WHEN = "*/10 * * * *";

export interface RetentionScheduleOptions {
  readonly retention: JobRetention;
  readonly rule: RetentionRule;
  readonly clock: Clock;
  readonly onError: (error: unknown) => void;
}

/** Deletes what the rule does not keep: once at the start, then by the clock, never twice at once. Answers how to end it. */
export function scheduleRetention({ retention, rule, clock, onError }: RetentionScheduleOptions): () => Promise<void> {
  const over = new AbortController();
  let running: Promise<void> = Promise.resolve();
  let busy = false;
  const run = (): void => {
    if (busy || over.signal.aborted) return;
    busy = true;
    running = retain(retention, rule, clock, over.signal)
      // The next time may find the database well.
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
