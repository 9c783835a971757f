import type { FileType } from "../asset/file-type.js";
import { addSums, CostModel, type CostSums, type EarlierCost, entriesOf, type PerType } from "./cost.js";
import { addSpan, slownessOf, type SpeedSpan, type SpeedSpans, wholeOf } from "./speed.js";

/** Measurements of one part: what its assets cost, and when they ended. */
export interface PaceSample {
  readonly types: PerType<CostSums>;
  /** From the chunk's begin, or the last end that an earlier part counted, to the last end of this part. */
  readonly elapsedMs: number;
  /** From the last end to when the part was taken. @defaultValue 0 */
  readonly idleMs?: number;
}

/** Working speed of a job, over all its workers. Pauses and downtime do not count as working time. */
export interface Pace {
  /** Everything handled so far, at the speed that the job had at first. */
  readonly types: PerType<CostSums>;
  /** What earlier jobs of this type, with handlers of these versions, left behind. */
  readonly earlier?: PerType<EarlierCost>;
  readonly spans: SpeedSpans;
  /** Assets and wall-clock milliseconds of recent work. */
  readonly assets: number;
  readonly workedMs: number;
  /** The last end that was counted; epoch milliseconds, 0: none in this stretch of work. */
  readonly lastAtMs: number;
}

export const NO_PACE: Pace = { types: {}, spans: [], assets: 0, workedMs: 0, lastAtMs: 0 };

/** Half of the assets that the throughput counts are younger than about this much working time. */
const MEMORY_MS = 30_000;

/**
 * Adds the measurements of parts committed together at `nowMs`. Adds the wall-clock time since the last call, but at
 * most the workers' elapsed time: time without a worker does not count, and time of two parallel workers counts once.
 */
export function addPace(pace: Pace, samples: readonly PaceSample[], nowMs: number): Pace {
  const endMs = nowMs - Math.min(nowMs, ...samples.map(({ idleMs = 0 }) => idleMs));
  const elapsed = Math.max(0, ...samples.map(({ elapsedMs }) => elapsedMs));
  const worked = pace.lastAtMs === 0 ? elapsed : Math.min(elapsed, Math.max(0, endMs - pace.lastAtMs));
  const keep = pace.workedMs > MEMORY_MS ? 0.5 ** (worked / MEMORY_MS) : 1;
  const part: Partial<Record<FileType, CostSums>> = {};
  for (const sample of samples)
    for (const [type, sums] of entriesOf(sample.types)) part[type] = addSums(part[type], sums);
  // A machine that is twice as slow as at first does not make a type twice as dear.
  const types: Partial<Record<FileType, CostSums>> = { ...pace.types };
  const atFirstSpeed = 1 / slownessOf(pace.spans);
  for (const [type, sums] of entriesOf(part)) types[type] = addSums(types[type], sums, atFirstSpeed);
  const assets = assetsOf(part);
  return {
    ...pace,
    types,
    spans: assets === 0 ? pace.spans : addSpan(pace.spans, spanOf(part, worked, { ...pace, types })),
    assets: pace.assets * keep + assets,
    workedMs: pace.workedMs * keep + worked,
    lastAtMs: endMs,
  };
}

/** Returns the part as a span, with what it was expected to cost. Time that no handler took belongs to all assets alike. */
function spanOf(part: PerType<CostSums>, wallMs: number, pace: Pick<Pace, "types" | "earlier" | "spans">): SpeedSpan {
  const handlersMs = entriesOf(part).reduce((sum, [, { busyMs }]) => sum + busyMs, 0);
  const allIdleMs = idleMsOf(addSpan(pace.spans, { wallMs, busyMs: handlersMs, idleMs: 0, workMs: 0, variance: 0 }));
  const idleMs = (allIdleMs * assetsOf(part)) / Math.max(1, assetsOf(pace.types));
  const costs = new CostModel(pace.types, pace.earlier, allIdleMs);
  let workMs = 0;
  let variance = 0;
  for (const [type, sums] of entriesOf(part)) {
    workMs += costs.of(type, sums);
    variance += costs.varianceOf(type, sums.assets);
  }
  return { wallMs, busyMs: handlersMs + idleMs, idleMs, workMs, variance };
}

/** Returns for how long no handler ran. */
function idleMsOf(spans: SpeedSpans): number {
  const { wallMs, busyMs, idleMs } = wholeOf(spans);
  return Math.max(0, wallMs - (busyMs - idleMs));
}

const assetsOf = (types: PerType<CostSums>): number =>
  entriesOf(types).reduce((sum, [, { assets }]) => sum + assets, 0);

/** Returns how many assets were measured in all. */
export const measuredAssets = ({ types }: Pace): number => assetsOf(types);

/** Returns what assets of this job cost. */
export const costsOf = ({ types, earlier, spans }: Pace): CostModel => new CostModel(types, earlier, idleMsOf(spans));

/** Ends a stretch of work: keeps the measured speed, so that the time until the job continues does not count. */
export const restPace = (pace: Pace): Pace => ({ ...pace, lastAtMs: 0 });
