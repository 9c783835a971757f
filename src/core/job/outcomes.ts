import type { Outcome } from "../asset/outcome.js";

/** An asset's outcome, by its index in the manifest. */
export interface IndexedOutcome {
  readonly index: number;
  readonly outcome: Outcome;
  /** Age at the commit, in milliseconds, by the worker's monotonic clock. */
  readonly ageMs: number;
}

/** Success at the first try, without a warning: the outcome of most assets, one object shared by all of them. */
export const PLAIN_SUCCESS: Outcome = Object.freeze({
  kind: "SUCCEEDED",
  attempts: 1,
  warnings: Object.freeze([]),
});

const isPlain = (outcome: Outcome): boolean =>
  outcome === PLAIN_SUCCESS ||
  (outcome.kind === "SUCCEEDED" &&
    outcome.attempts === 1 &&
    outcome.warnings.length + (outcome.moreWarnings ?? 0) === 0);

/**
 * The outcomes of one part, in the order in which the assets ended. In columns: an object for each of a million assets,
 * kept until the commit, would cost more than handling it.
 */
export class Outcomes implements Iterable<IndexedOutcome> {
  readonly indices: readonly number[];
  /** Ages at the commit, in milliseconds. */
  readonly agesMs: readonly number[];
  /** Every outcome other than a plain success, by position. */
  readonly others: ReadonlyMap<number, Outcome>;

  private constructor(indices: readonly number[], agesMs: readonly number[], others: ReadonlyMap<number, Outcome>) {
    this.indices = indices;
    this.agesMs = agesMs;
    this.others = others;
  }

  static of(outcomes: Iterable<IndexedOutcome>): Outcomes {
    const found = new EndedOutcomes();
    for (const { index, outcome, ageMs } of outcomes) found.add(index, outcome, -ageMs);
    return found.take(0);
  }

  /** `endedMs` and `nowMs`: on the same clock. */
  static endedAt(
    indices: readonly number[],
    endedMs: readonly number[],
    others: ReadonlyMap<number, Outcome>,
    nowMs: number,
  ): Outcomes {
    return new Outcomes(
      indices,
      endedMs.map((ms) => Math.round(nowMs - ms)),
      others,
    );
  }

  get length(): number {
    return this.indices.length;
  }

  at(position: number): Outcome {
    return this.others.get(position) ?? PLAIN_SUCCESS;
  }

  *[Symbol.iterator](): Generator<IndexedOutcome> {
    for (let i = 0; i < this.indices.length; i++)
      yield { index: this.indices[i] ?? 0, outcome: this.at(i), ageMs: this.agesMs[i] ?? 0 };
  }

  /** Returns how many there are of each kind. */
  count(): Readonly<Record<Outcome["kind"], number>> {
    const counts = { SUCCEEDED: this.length - this.others.size, SKIPPED: 0, FAILED: 0 };
    for (const { kind } of this.others.values()) counts[kind]++;
    return counts;
  }
}

/** Collects outcomes as assets end. */
export class EndedOutcomes {
  #indices: number[] = [];
  #endedMs: number[] = [];
  #others = new Map<number, Outcome>();

  get length(): number {
    return this.#indices.length;
  }

  add(index: number, outcome: Outcome, endedMs: number): void {
    if (!isPlain(outcome)) this.#others.set(this.#indices.length, outcome);
    this.#indices.push(index);
    this.#endedMs.push(endedMs);
  }

  /** Returns all of them and begins anew. `nowMs`: when they are committed. */
  take(nowMs: number): Outcomes {
    const taken = Outcomes.endedAt(this.#indices, this.#endedMs, this.#others, nowMs);
    this.#indices = [];
    this.#endedMs = [];
    this.#others = new Map();
    return taken;
  }
}
