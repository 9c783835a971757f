import { isUnavailable } from "../errors.js";
import type { Clock } from "../ports/clock.js";
import { backOff } from "./back-off.js";
import type { EngineTools } from "./tools.js";

/** Dependencies of a retry. */
export interface RetryTools {
  readonly clock: Clock;
  /** Returns numbers from 0 to 1, like Math.random. */
  readonly random: () => number;
  /** Called after each failed try, before the pause. */
  readonly onUnavailable: (error: unknown, retryInMs: number) => void;
  /** When aborted, ends the pause; one last try then decides. @defaultValue never */
  readonly over?: AbortSignal | undefined;
}

/** Makes RetryTools that report failed tries to the journal. */
export const retryTools = (
  { clock, random, journal }: Pick<EngineTools, "clock" | "random" | "journal">,
  over: AbortSignal,
): RetryTools => ({
  clock,
  random,
  onUnavailable: (error, retryInMs) => journal.unavailable(error, retryInMs),
  over,
});

/** Retries an action while its store or repository is UNAVAILABLE. Throws every other error at once. */
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
