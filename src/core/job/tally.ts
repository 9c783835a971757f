import type { FileType } from "../asset/file-type.js";
import type { Outcome, SkipCode } from "../asset/outcome.js";

/** Number of assets of one file type, and of their outcomes. */
export interface TypeTally {
  readonly total: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly skipped: number;
  /** Bytes of those without an outcome, by the sizes that discovery saw. Left out if there are none. */
  readonly leftBytes?: number;
}

/** Counts of assets by file type, and of skipped assets by reason. Types and reasons with no asset are left out. */
export interface Tally {
  readonly types: Readonly<Partial<Record<FileType, TypeTally>>>;
  readonly skips: Readonly<Partial<Record<SkipCode, number>>>;
  /** Hidden files and folders that discovery left out. They are not assets. Left out if there are none. */
  readonly hidden?: number;
}

export const EMPTY_TALLY: Tally = { types: {}, skips: {} };

const NONE: TypeTally = { total: 0, succeeded: 0, failed: 0, skipped: 0 };

const addTypes = (a: TypeTally, b: TypeTally): TypeTally => {
  const leftBytes = (a.leftBytes ?? 0) + (b.leftBytes ?? 0);
  return {
    total: a.total + b.total,
    succeeded: a.succeeded + b.succeeded,
    failed: a.failed + b.failed,
    skipped: a.skipped + b.skipped,
    ...(leftBytes === 0 ? {} : { leftBytes }),
  };
};

/** Adds two tallies. */
export function addTallies(a: Tally, b: Tally): Tally {
  const types: Partial<Record<FileType, TypeTally>> = { ...a.types };
  for (const [type, more] of Object.entries(b.types) as [FileType, TypeTally][]) {
    types[type] = addTypes(types[type] ?? NONE, more);
  }
  const skips: Partial<Record<SkipCode, number>> = { ...a.skips };
  for (const [code, count] of Object.entries(b.skips) as [SkipCode, number][]) {
    skips[code] = (skips[code] ?? 0) + count;
  }
  const hidden = (a.hidden ?? 0) + (b.hidden ?? 0);
  return { types, skips, ...(hidden === 0 ? {} : { hidden }) };
}

/** Returns the sum over all file types. */
export const sumOf = (tally: Tally): TypeTally => Object.values(tally.types).reduce(addTypes, NONE);

/** Counts assets one by one, for a page of discovery or a part of a chunk. */
export class TallyCounter {
  readonly #types: Partial<Record<FileType, OpenTally>> = {};
  readonly #skips: Partial<Record<SkipCode, number>> = {};
  #hidden = 0;

  hidden(count: number): void {
    this.#hidden += count;
  }

  /** `openBytes`: its size; 0 if a skip rule decides its outcome. */
  found(type: FileType, openBytes = 0): void {
    const tally = this.#of(type);
    tally.total++;
    tally.leftBytes += openBytes;
  }

  /** `sizeBytes`: as it was found. */
  ended(type: FileType, outcome: Outcome, sizeBytes = 0): void {
    const tally = this.#of(type);
    tally.leftBytes -= sizeBytes;
    if (outcome.kind === "SUCCEEDED") tally.succeeded++;
    else if (outcome.kind === "FAILED") tally.failed++;
    else this.#skip(tally, outcome.code);
  }

  skipped(type: FileType, code: SkipCode): void {
    this.#skip(this.#of(type), code);
  }

  /** Returns the counts. The counter must not be used afterwards. */
  take(): Tally {
    return {
      types: Object.fromEntries(Object.entries(this.#types).map(([type, tally]) => [type, addTypes(NONE, tally)])),
      skips: this.#skips,
      ...(this.#hidden === 0 ? {} : { hidden: this.#hidden }),
    };
  }

  #skip(tally: { skipped: number }, code: SkipCode): void {
    tally.skipped++;
    this.#skips[code] = (this.#skips[code] ?? 0) + 1;
  }

  #of(type: FileType): OpenTally {
    return (this.#types[type] ??= { ...NONE, leftBytes: 0 });
  }
}

type OpenTally = { -readonly [K in keyof TypeTally]-?: TypeTally[K] };
