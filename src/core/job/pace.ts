import { FILE_TYPES, type FileType } from "../asset/file-type.js";

/** Processing time of one file type: number of assets, and the milliseconds that their handlers took. */
export interface TypePace {
  readonly assets: number;
  readonly busyMs: number;
}

/** Measurements of one part: the time per file type, and the worker's elapsed time. */
export interface PaceSample {
  readonly types: Readonly<Partial<Record<FileType, TypePace>>>;
  /** Since the chunk began or its last part was taken, by the worker's monotonic clock. */
  readonly elapsedMs: number;
}

/** Recent working speed of a job, over all its workers. Pauses and downtime do not count as working time. */
export interface Pace {
  readonly types: Readonly<Partial<Record<FileType, TypePace>>>;
  /** Assets and wall-clock milliseconds of recent work. */
  readonly assets: number;
  readonly workedMs: number;
  /** When the last part was counted; epoch milliseconds, 0: none in this stretch of work. */
  readonly lastAtMs: number;
}

export const NO_PACE: Pace = { types: {}, assets: 0, workedMs: 0, lastAtMs: 0 };

/** Half of the remembered measurements are younger than about this much working time. */
const MEMORY_MS = 30_000;

/**
 * Adds the measurements of parts committed together at `nowMs`. Adds the wall-clock time since the last call, but at
 * most the workers' elapsed time: time without a worker does not count, and time of two parallel workers counts once.
 */
export function addPace(pace: Pace, samples: readonly PaceSample[], nowMs: number): Pace {
  const elapsed = Math.max(0, ...samples.map((sample) => sample.elapsedMs));
  const worked = pace.lastAtMs === 0 ? elapsed : Math.min(elapsed, Math.max(0, nowMs - pace.lastAtMs));
  const keep = pace.workedMs > MEMORY_MS ? 0.5 ** (worked / MEMORY_MS) : 1;
  const types: Partial<Record<FileType, TypePace>> = {};
  let assets = 0;
  for (const type of FILE_TYPES) {
    const old = pace.types[type];
    let count = (old?.assets ?? 0) * keep;
    let busyMs = (old?.busyMs ?? 0) * keep;
    for (const sample of samples) {
      const more = sample.types[type];
      if (!more) continue;
      count += more.assets;
      busyMs += more.busyMs;
      assets += more.assets;
    }
    if (count > 0) types[type] = { assets: count, busyMs };
  }
  return { types, assets: pace.assets * keep + assets, workedMs: pace.workedMs * keep + worked, lastAtMs: nowMs };
}

/** Ends a stretch of work: keeps the measured speed, so that the time until the job continues does not count. */
export const restPace = (pace: Pace): Pace => ({ ...pace, lastAtMs: 0 });
