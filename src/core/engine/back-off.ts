/** How pauses between tries grow, before jitter. */
export interface BackOffCurve {
  /** Pause after the first failed try. Doubles with each further one. */
  readonly firstMs: number;
  /** The longest pause. */
  readonly mostMs: number;
}

/** For an unreachable store or repository: 0.2 s, doubling to 10 s, so that work resumes soon after it is back. */
const UNREACHABLE: BackOffCurve = Object.freeze({ firstMs: 200, mostMs: 10_000 });

/** The longest pause before an asset's next try, unless `retryDelayMs` is longer. */
const MOST_BEFORE_RETRY_MS = 3_600_000;

/** For an asset whose handler threw RetryableError: `retryDelayMs` (1 s by default) doubling to an hour. */
export const retryCurve = (retryDelayMs: number): BackOffCurve => ({
  firstMs: retryDelayMs,
  mostMs: Math.max(retryDelayMs, MOST_BEFORE_RETRY_MS),
});

/**
 * Returns the milliseconds to wait after the `attempt`-th failed try (1 is the first): `firstMs` doubling up to
 * `mostMs`, then jittered to between 50 % and 100 %, so that many that failed together do not retry together. `random`
 * must return numbers from 0 (inclusive) to 1 (exclusive).
 */
export function backOff(attempt: number, random: () => number, { firstMs, mostMs } = UNREACHABLE): number {
  const doublings = Math.min(attempt - 1, MOST_DOUBLINGS);
  return Math.min(mostMs, firstMs * 2 ** doublings) * (0.5 + random() / 2);
}

/** Enough to get from 1 ms past every cap. More would multiply a pause of 0 by infinity. */
const MOST_DOUBLINGS = 40;
