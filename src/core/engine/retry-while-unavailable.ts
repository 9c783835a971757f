import { isUnavailable } from "../errors.js";
import type { Clock } from "../ports/clock.js";
import { backOff } from "./back-off.js";
import type { EngineTools } from "./tools.js";

export interface RetryTools {
  readonly clock: Clock;
  /** 0 to 1, like Math.random. */
  readonly random: () => number;
  /** Hears of each failed try, before the pause. */
  readonly onUnavailable: (error: unknown, retryInMs: number) => void;
  /** Once aborted: ends the pause, and lets one more try decide. @defaultValue never */
  readonly over?: AbortSignal | undefined;
}

/** Retries that the journal hears of. */
export const retryTools = (
  { clock, random, journal }: Pick<EngineTools, "clock" | "random" | "journal">,
  over: AbortSignal,
): RetryTools => ({
  clock,
  random,
  onUnavailable: (error, retryInMs) => journal.unavailable(error, retryInMs),
  over,
});

/** Repeats an action until the store or repository that it asks can be reached. Throws every other error. */
export async function retryWhileUnavailable<T>(
  action: () => Promise<T>,
  { clock, random, onUnavailable, over }: RetryTools,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await action();
    } catch (error) {
      if (!isUnavailable(error) || over?.aborted) throw error;
      const pauseMs = backOff(attempt, random);
      onUnavailable(error, pauseMs);
      await clock.sleep(pauseMs, over);
    }
  }
}
