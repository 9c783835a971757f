/** Consecutive parts of a job. */
export interface SpeedSpan {
  readonly wallMs: number;
  /** What the assets took, those that ran side by side added up. */
  readonly busyMs: number;
  /** The part of that in which no handler ran. */
  readonly idleMs: number;
  /** What they were expected to take at the job's first speed, and the variance of that. */
  readonly workMs: number;
  readonly variance: number;
}

/** A job's parts, the newest first. Older ones are joined to spans, the longer the older: about twenty in an hour. */
export type SpeedSpans = readonly SpeedSpan[];

const joined = (a: SpeedSpan, b: SpeedSpan): SpeedSpan => ({
  wallMs: a.wallMs + b.wallMs,
  busyMs: a.busyMs + b.busyMs,
  idleMs: a.idleMs + b.idleMs,
  workMs: a.workMs + b.workMs,
  variance: a.variance + b.variance,
});

/** Returns all spans as one. */
export const wholeOf = (spans: SpeedSpans): SpeedSpan =>
  spans.reduce(joined, { wallMs: 0, busyMs: 0, idleMs: 0, workMs: 0, variance: 0 });

/** Six digits say enough, and are stored with every commit. */
const rounded = ({ wallMs, busyMs, idleMs, workMs, variance }: SpeedSpan): SpeedSpan => ({
  wallMs: short(wallMs),
  busyMs: short(busyMs),
  idleMs: short(idleMs),
  workMs: short(workMs),
  variance: short(variance),
});
const short = (value: number): number => Number(value.toPrecision(6));

/** No job has more, whatever its clock tells. */
const MOST_SPANS = 64;

/** Adds a part, and joins neighbours that together last less than half of everything newer. */
export function addSpan(spans: SpeedSpans, part: SpeedSpan): SpeedSpans {
  const kept: SpeedSpan[] = [];
  let newerMs = 0;
  for (const span of [rounded(part), ...spans]) {
    const last = kept.at(-1);
    const join = last && (last.wallMs + span.wallMs <= (newerMs - last.wallMs) / 2 || kept.length === MOST_SPANS);
    if (join) kept[kept.length - 1] = rounded(joined(last, span));
    else kept.push(span);
    newerMs += span.wallMs;
  }
  return kept;
}

/** Returns the milliseconds that assets took for each one expected, of late; 1 if nothing was measured. */
export function slownessOf(spans: SpeedSpans): number {
  const ratio = recentRatio(
    spans,
    ({ busyMs }) => busyMs,
    ({ workMs }) => workMs,
    ({ workMs, variance }, slowness) => (2.5 * slowness * Math.sqrt(variance)) / workMs,
  );
  return ratio > 0 ? ratio : 1;
}

/**
 * Returns the wall-clock milliseconds for each one that assets took, of late: less than 1 if assets run side by side.
 * `ageMs`: how long assets in flight have run on average. No part counts that time before they end.
 */
export function wallPerBusyOf(spans: SpeedSpans, ageMs: number): number {
  const { busyMs, wallMs } = wholeOf(spans);
  const lanes = Math.max(1, busyMs / wallMs);
  const errorMs = (8 * ageMs * Math.sqrt(2 * (lanes - 1))) / lanes;
  return recentRatio(
    spans,
    (span) => span.wallMs,
    (span) => span.busyMs,
    (span) => errorMs / span.busyMs,
  );
}

/** Ratios that differ by less are the same. */
const SAME = 0.002;

type Of = (span: SpeedSpan) => number;

/**
 * Returns the ratio of two sums over the longest recent stretch that agrees with all shorter ones, within what each may
 * be off by chance (`errorOf`). So much is averaged if the speed is steady, and little just after it changed.
 */
function recentRatio(spans: SpeedSpans, above: Of, below: Of, errorOf: (stretch: SpeedSpan, ratio: number) => number) {
  let low = Number.NEGATIVE_INFINITY;
  let high = Number.POSITIVE_INFINITY;
  let ratio = Number.NaN;
  let shorter = Number.NaN;
  let stretch: SpeedSpan | undefined;
  for (const span of spans) {
    stretch = stretch ? joined(stretch, span) : span;
    if (!(below(stretch) > 0)) continue;
    const longer = above(stretch) / below(stretch);
    const error = errorOf(stretch, longer) + SAME * longer;
    low = Math.max(low, longer - error);
    high = Math.min(high, longer + error);
    // The stretch that still agreed has some of the other speed in it already.
    if (low > high) return Number.isNaN(shorter) ? ratio : shorter;
    shorter = ratio;
    ratio = longer;
  }
  return ratio;
}
