/** How long pauses between tries grow, before jitter. All in milliseconds. */
export interface BackOffCurve {
  /** Pause after the first failed try; doubles with each further one. */
  readonly firstMs: number;
  /** No pause is longer. */
  readonly mostMs: number;
}

/** For a store or repository that cannot be reached: 0.2 s doubling to 10 s, so that work goes on soon after it is back. */
const OUT_OF_REACH: BackOffCurve = Object.freeze({ firstMs: 200, mostMs: 10_000 });

/** The longest that an asset waits for its next try, unless the first pause is longer by its option. */
const MOST_BEFORE_RETRY_MS = 3_600_000;

/** For an asset whose handler threw RetryableError: `retryDelayMs` (1 s by default) doubling to an hour. */
export const retryCurve = (retryDelayMs: number): BackOffCurve => ({
  firstMs: retryDelayMs,
  mostMs: Math.max(retryDelayMs, MOST_BEFORE_RETRY_MS),
});

/**
 * Milliseconds to wait after the `attempt`-th failed try (1 is the first): `firstMs` doubling up to `mostMs`, then
 * jittered down to between half of that and all of it, so that many who failed together do not return together.
 * `random` yields numbers from 0 to below 1.
 */
export function backOff(attempt: number, random: () => number, { firstMs, mostMs } = OUT_OF_REACH): number {
  const doublings = Math.min(attempt - 1, MOST_DOUBLINGS);
  return Math.min(mostMs, firstMs * 2 ** doublings) * (0.5 + random() / 2);
}

/** Enough to get from a millisecond past every cap; more would multiply a pause of 0 by infinity. */
const MOST_DOUBLINGS = 40;
