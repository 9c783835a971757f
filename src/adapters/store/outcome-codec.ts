import type { IndexedOutcome } from "../../core/job/chunk.js";
import type { Outcome, SkipCode } from "../../core/asset/outcome.js";
import { packJson, unpackJson } from "../sql/packed.js";

/**
 * Outcomes of one part: sorted indices, ages at the commit, and, by position, every outcome other than a success at the
 * first try. A part of 500 such successes takes a few hundred bytes.
 */
interface OutcomeColumns {
  readonly indices: readonly number[];
  readonly ages: readonly number[];
  readonly others: readonly (readonly [position: number, outcome: PackedOutcome])[];
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

export function packOutcomes(outcomes: readonly IndexedOutcome[]): Buffer {
  const sorted = [...outcomes].sort((a, b) => a.index - b.index);
  const columns: OutcomeColumns = {
    indices: sorted.map(({ index }) => index),
    ages: sorted.map(({ ageMs }) => ageMs),
    others: sorted.flatMap(({ outcome }, position) =>
      outcome.kind === "SUCCEEDED" && outcome.attempts === 1 ? [] : [[position, pack(outcome)] as const],
    ),
  };
  return packJson(columns);
}

/** Reverses `packOutcomes`. Throws if it has a kind of outcome that this version does not know. */
export function unpackOutcomes(packed: Uint8Array): readonly StoredOutcome[] {
  const { indices, ages, others } = unpackJson(packed) as OutcomeColumns;
  const byPosition = new Map(others);
  return indices.map((index, position) => {
    const other = byPosition.get(position);
    return { index, ageMs: ages[position] ?? 0, outcome: other ? unpack(other) : SUCCEEDED };
  });
}

// Warnings are in the log only: an outcome read back has none.
const SUCCEEDED: Outcome = Object.freeze({ kind: "SUCCEEDED", attempts: 1, warnings: [] });

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
