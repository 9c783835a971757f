import { isUnavailable } from "../errors.js";
import { backOff } from "./back-off.js";
import type { EngineTools } from "./tools.js";

/** Repeats an action until what it reaches for answers, or `over` is aborted; then it fails as the last try did. */
export async function insist<T>(
  action: () => Promise<T>,
  { clock, journal, random }: Pick<EngineTools, "clock" | "journal" | "random">,
  over: AbortSignal,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await action();
    } catch (error) {
      if (!isUnavailable(error) || over.aborted) throw error;
      const pauseMs = backOff(attempt, random);
      journal.unavailable(error, pauseMs);
      await clock.sleep(pauseMs, over);
    }
  }
}
