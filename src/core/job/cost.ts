import type { FileType } from "../asset/file-type.js";

/** Assets of one file type, handled or to be handled. */
export interface Load {
  readonly assets: number;
  readonly bytes: number;
}

/** What earlier jobs left behind about a file type: the milliseconds that its handlers took. */
export interface EarlierCost extends Load {
  readonly busyMs: number;
}

/** Handled assets of one file type: the sums that a straight line of handlers' time over size needs. */
export interface CostSums extends EarlierCost {
  /** Sums of size², of size × time and of time². */
  readonly sizeSquares: number;
  readonly products: number;
  readonly timeSquares: number;
}

/** Values by file type; types that have none are left out. */
export type PerType<T> = Readonly<Partial<Record<FileType, T>>>;

/** Returns the types of a record, with their values. */
export const entriesOf = <T>(types: PerType<T>): readonly [FileType, T][] => Object.entries(types) as [FileType, T][];

const NO_SUMS: CostSums = { assets: 0, bytes: 0, busyMs: 0, sizeSquares: 0, products: 0, timeSquares: 0 };

/** Adds sums of the same type, as if the assets of `more` had taken so many times as long. */
export const addSums = (sums: CostSums = NO_SUMS, more: CostSums, times = 1): CostSums => ({
  assets: sums.assets + more.assets,
  bytes: sums.bytes + more.bytes,
  busyMs: sums.busyMs + more.busyMs * times,
  sizeSquares: sums.sizeSquares + more.sizeSquares,
  products: sums.products + more.products * times,
  timeSquares: sums.timeSquares + more.timeSquares * times ** 2,
});

/** Adds up handled assets one by one. */
export class CostCounter {
  readonly #types: Partial<Record<FileType, { -readonly [K in keyof CostSums]: CostSums[K] }>> = {};

  add(type: FileType, sizeBytes: number, busyMs: number): void {
    const sums = (this.#types[type] ??= { ...NO_SUMS });
    sums.assets++;
    sums.bytes += sizeBytes;
    sums.busyMs += busyMs;
    sums.sizeSquares += sizeBytes ** 2;
    sums.products += sizeBytes * busyMs;
    sums.timeSquares += busyMs ** 2;
  }

  /** Returns the sums. The counter must not be used afterwards. */
  take(): PerType<CostSums> {
    return this.#types;
  }
}

/** So many assets at what earlier jobs say are mixed with what this job measures of a type. */
const EARLIER_ASSETS = 3;

/** No line over size is drawn through fewer assets. */
const MIN_ASSETS_OF_LINE = 8;

/**
 * What assets of each file type cost, in handlers' milliseconds at the speed that the job had at first. Linear in size as
 * far as the measurements show it. A type that was not seen yet costs what it did in earlier jobs, scaled as the seen
 * types compare with theirs; if they do not know it either, the average.
 */
export class CostModel {
  readonly #seen: PerType<CostSums>;
  readonly #earlier: PerType<EarlierCost>;
  /** Cost of this job's assets in those of earlier jobs; 0: they have no type in common. */
  readonly #scale: number;
  readonly #average: number;
  /** Time for an asset that no handler took. */
  readonly #overhead: number;

  /** `idleMs`: for how long no handler ran while all these assets were handled. */
  constructor(seen: PerType<CostSums>, earlier: PerType<EarlierCost> = {}, idleMs = 0) {
    this.#seen = seen;
    this.#earlier = earlier;
    this.#scale = scaleOf(seen, earlier);
    const all = entriesOf(seen).reduce((sum, [, sums]) => addSums(sum, sums), NO_SUMS);
    this.#average = all.assets > 0 ? all.busyMs / all.assets : 0;
    this.#overhead = all.assets > 0 ? idleMs / all.assets : 0;
  }

  /** Returns the cost of a load. */
  of(type: FileType, { assets, bytes }: Load): number {
    const sums = this.#seen[type];
    const expected = this.#expected(type);
    if (!sums || sums.assets === 0) return assets * ((expected ?? this.#average) + this.#overhead);
    const mixed = expected === undefined ? 0 : EARLIER_ASSETS;
    const mean = (sums.busyMs + mixed * (expected ?? 0)) / (sums.assets + mixed);
    const larger = bytes - (assets * sums.bytes) / sums.assets;
    return Math.max(0, assets * (mean + this.#overhead) + slopeOf(sums) * larger);
  }

  /** Returns the variance of the cost of so many assets of a type, whose sizes are known. */
  varianceOf(type: FileType, assets: number): number {
    const sums = this.#seen[type];
    if (!sums || sums.assets === 0) return 0;
    // Few measurements say little about their variance: as if one more had been off by its whole cost.
    return (assets * (residualsOf(sums) + (sums.busyMs / sums.assets) ** 2)) / (sums.assets + 1);
  }

  #expected(type: FileType): number | undefined {
    const earlier = this.#earlier[type];
    return earlier && earlier.assets > 0 && this.#scale > 0
      ? (this.#scale * earlier.busyMs) / earlier.assets
      : undefined;
  }
}

function scaleOf(seen: PerType<CostSums>, earlier: PerType<EarlierCost>): number {
  let busyMs = 0;
  let expectedMs = 0;
  for (const [type, sums] of entriesOf(seen)) {
    const before = earlier[type];
    if (!before || before.assets <= 0) continue;
    busyMs += sums.busyMs;
    expectedMs += (sums.assets * before.busyMs) / before.assets;
  }
  return expectedMs > 0 ? busyMs / expectedMs : 0;
}

/** Returns the sum of the squared distances from the line. */
function residualsOf(sums: CostSums): number {
  const { assets, bytes, busyMs, products, timeSquares } = sums;
  return Math.max(0, timeSquares - busyMs ** 2 / assets - slopeOf(sums) * (products - (bytes * busyMs) / assets));
}

/**
 * Returns the cost of a byte: the least squares' slope, less the more it may be chance, and never so much that an empty
 * asset would take less than no time.
 */
function slopeOf({ assets, bytes, busyMs, sizeSquares, products, timeSquares }: CostSums): number {
  if (assets < MIN_ASSETS_OF_LINE || bytes <= 0) return 0;
  const sizes = sizeSquares - bytes ** 2 / assets;
  const both = products - (bytes * busyMs) / assets;
  // Equal sizes differ by rounding.
  if (!(sizes > 1e-9 * sizeSquares) || both <= 0) return 0;
  const slope = both / sizes;
  const residuals = Math.max(0, timeSquares - busyMs ** 2 / assets - slope * both);
  const error = residuals / (assets - 2) / sizes;
  return Math.min(busyMs / bytes, slope ** 3 / (slope ** 2 + 4 * error));
}

/** A job's measurements of a type replace those of earlier jobs if they are of so many assets. */
const REPLACES = 20;

/** Returns what a job leaves behind for later ones: its own measurements, and of types that it had few of, earlier ones. */
export function costsLeftBy(seen: PerType<CostSums>, earlier: PerType<EarlierCost> = {}): PerType<EarlierCost> {
  const left: Partial<Record<FileType, EarlierCost>> = {};
  // Costs of two machines compare by those of the types that both had.
  const scale = scaleOf(seen, earlier) || 1;
  for (const [type, { assets, bytes, busyMs }] of entriesOf(earlier))
    left[type] = { assets, bytes, busyMs: busyMs * scale };
  for (const [type, { assets, bytes, busyMs }] of entriesOf(seen)) {
    if (assets > 0 && (assets >= REPLACES || !left[type])) left[type] = { assets, bytes, busyMs };
  }
  return left;
}
