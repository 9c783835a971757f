import { ENGINE_OPTIONS } from "../../core/engine/options.js";
import { type Outcomes, PLAIN_SUCCESS } from "../../core/job/outcomes.js";
import type { Outcome, SkipCode } from "../../core/asset/outcome.js";
import { packJson, unpackJson } from "../sql/packed.js";

/**
 * Outcomes of one part in order of index: indices, ages at the commit, and, by position, every outcome other than a
 * success at the first try. A part of 500 such successes takes about as many bytes as they end at different times.
 */
interface OutcomeColumns {
  /** Runs of consecutive indices: the first and their number, run after run. */
  readonly runs: readonly number[];
  /** Runs of equal ages: the age and their number, run after run. */
  readonly aged: readonly number[];
  readonly others: readonly (readonly [position: number, outcome: PackedOutcome])[];
}

/** As stored before there were runs: each index and each age. */
interface ListedColumns extends Pick<OutcomeColumns, "others"> {
  readonly indices: readonly number[];
  readonly ages: readonly number[];
}

interface PackedOutcome {
  /** SUCCEEDED, SKIPPED or FAILED. Rows contain these letters, and codes by name, so no list's order matters. */
  readonly k: "S" | "K" | "F";
  readonly c?: string;
  readonly m?: string;
  readonly h?: string;
  readonly n: number;
}

interface StoredOutcome {
  readonly index: number;
  readonly ageMs: number;
  readonly outcome: Outcome;
}

export function packOutcomes({ indices, agesMs, others }: Outcomes): Buffer {
  const order = orderOf(indices);
  const packed: [number, PackedOutcome][] = [];
  if (others.size > 0) {
    order.forEach((from, position) => {
      const outcome = others.get(from);
      // Warnings are in the log only.
      if (outcome && !(outcome.kind === "SUCCEEDED" && outcome.attempts === 1)) packed.push([position, pack(outcome)]);
    });
  }
  const columns: OutcomeColumns = {
    runs: runsOf(order, indices, 1),
    aged: runsOf(order, agesMs, 0),
    others: packed,
  };
  return packJson(columns);
}

/** Returns the positions in order of index. Assets end in about that order. */
function orderOf(indices: readonly number[]): readonly number[] {
  return indices.map((_index, position) => position).sort((a, b) => (indices[a] ?? 0) - (indices[b] ?? 0));
}

/** Returns the runs of values that each differ by `step` from the one before. */
function runsOf(order: readonly number[], values: readonly number[], step: 0 | 1): readonly number[] {
  const runs: number[] = [];
  let next = Number.NaN;
  let count = 0;
  for (const position of order) {
    const value = values[position] ?? 0;
    if (value !== next) {
      if (count > 0) runs.push(count);
      runs.push(value);
      count = 0;
    }
    count++;
    next = value + step;
  }
  if (count > 0) runs.push(count);
  return runs;
}

/** No chunk has more assets. */
const MOST = ENGINE_OPTIONS.chunkSize.most;

/** Reverses `runsOf`. Throws beyond what a chunk may have, so that damaged bytes cannot exhaust memory. */
function valuesOf(runs: readonly number[], step: 0 | 1): readonly number[] {
  const values: number[] = [];
  for (let i = 0; i < runs.length; i += 2) {
    const [first = 0, count = 0] = [runs[i], runs[i + 1]];
    if (values.length + count > MOST) throw new Error(`a part with more than ${MOST} outcomes`);
    for (let j = 0; j < count; j++) values.push(first + j * step);
  }
  return values;
}

/** Reverses `packOutcomes`. Throws if it has a kind of outcome that this version does not know. */
export function unpackOutcomes(packed: Uint8Array): readonly StoredOutcome[] {
  const columns = unpackJson(packed) as OutcomeColumns | ListedColumns;
  const isListed = "indices" in columns;
  const indices = isListed ? columns.indices : valuesOf(columns.runs, 1);
  const ages = isListed ? columns.ages : valuesOf(columns.aged, 0);
  const byPosition = new Map(columns.others);
  return indices.map((index, position) => {
    const other = byPosition.get(position);
    return { index, ageMs: ages[position] ?? 0, outcome: other ? unpack(other) : PLAIN_SUCCESS };
  });
}

function pack(outcome: Outcome): PackedOutcome {
  if (outcome.kind === "SUCCEEDED") return { k: "S", n: outcome.attempts };
  return {
    k: outcome.kind === "SKIPPED" ? "K" : "F",
    c: outcome.code,
    ...(outcome.message === undefined ? {} : { m: outcome.message }),
    ...(outcome.handler === undefined ? {} : { h: outcome.handler }),
    n: outcome.attempts,
  };
}

function unpack({ k, c = "", m, h, n }: PackedOutcome): Outcome {
  if (k === "S") return { kind: "SUCCEEDED", attempts: n, warnings: [] };
  const handler = h === undefined ? {} : { handler: h };
  if (k === "F") return { kind: "FAILED", code: c, message: m ?? "", ...handler, attempts: n };
  if (k !== "K")
    throw new Error(`an outcome has kind ${JSON.stringify(k)}, which this version does not know; upgrade assetmill`);
  return { kind: "SKIPPED", code: c as SkipCode, ...(m === undefined ? {} : { message: m }), ...handler, attempts: n };
}
