import { setImmediate as turn } from "node:timers/promises";
import type { Clock } from "../../core/ports/clock.js";

/** The clock of this process. */
export const systemClock: Clock = {
  monotonicMs: () => performance.now(),
  sleep(ms, signal) {
    return new Promise((over) => {
      if (signal?.aborted) {
        over();
        return;
      }
      const end = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", end);
        over();
      };
      const timer = setTimeout(end, ms);
      signal?.addEventListener("abort", end, { once: true });
    });
  },
  yield: () => turn(),
};
