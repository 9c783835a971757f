import { appendFileSync } from "node:fs";

/** One run of a contender: what it was to handle, what it handled and how long that took; or why it failed. */
export type Run =
  { readonly wanted: number; readonly handled: number; readonly seconds: number } | { readonly failed: string };

/** A contender and its runs, in the order of the rounds. */
export interface Side {
  /** With its version, if it is not this repository. */
  readonly name: string;
  readonly runs: readonly Run[];
}

/** What a value has to reach. */
export type Goal = { readonly atLeast: number } | { readonly atMost: number };

/** One line of the results. */
export interface Figure {
  readonly name: string;
  /** What assetmill reached, with its unit. */
  readonly ours: string;
  /** What it is measured beside, and what that reached. */
  readonly peer?: string;
  /** What both reached in each round: how far they vary. */
  readonly rounds?: string;
  /** What the goal is about: a ratio, or ours in the unit of `unit`. Absent if `refused` says why there is none. */
  readonly value?: number;
  /** Of `value`; a ratio has none. */
  readonly unit?: string;
  readonly goal?: Goal;
  readonly refused?: string;
}

/** Names the file that collects the figures of the whole run, one line of JSON each. */
export const FIGURES_FILE = "ASSETMILL_BENCH_FIGURES";

/** Prints a figure as a line, and hands it to the run over all benchmarks if that asked for it. */
export function figure(one: Figure): void {
  const file = process.env[FIGURES_FILE];
  if (file !== undefined) appendFileSync(file, `${JSON.stringify(one)}\n`);
  process.stdout.write(`${lineOf(one)}\n`);
}

/**
 * Returns the ratio of the median rates of two contenders. Refuses it if a run of either failed or handled another number
 * of assets than it was given, or if one of them did not run.
 */
export function compare(options: {
  readonly name: string;
  readonly ours: Side;
  readonly peer: Side;
  readonly goal?: Goal;
}): Figure {
  const { name, ours, peer, goal } = options;
  const fault = faultOf(ours) ?? faultOf(peer);
  const rates = {
    ours: rateOf(ours),
    peer: `${peer.name}: ${rateOf(peer)}`,
    rounds: [ours, peer]
      .map((side) =>
        ratesOf(side)
          .map((rate) => rate.toFixed(1))
          .join(" "),
      )
      .join("; "),
  };
  if (fault !== undefined) return { name, ...rates, ...(goal && { goal }), refused: fault };
  const value = medianRate(ours) / medianRate(peer);
  return { name, ...rates, value, ...(goal && { goal }) };
}

/** Returns what keeps a contender's rate from being compared; undefined if nothing does. */
export function faultOf({ name, runs }: Side): string | undefined {
  if (runs.length === 0) return `${name} did not run`;
  for (const run of runs) {
    if ("failed" in run) return `${name} failed: ${run.failed}`;
    if (run.handled !== run.wanted) return `${name} handled ${run.handled} of ${run.wanted}`;
  }
  return undefined;
}

const rateOf = (side: Side): string => (faultOf(side) === undefined ? `${medianRate(side).toFixed(1)} k/s` : "no rate");

/** Thousands per second. */
const ratesOf = ({ runs }: Side): readonly number[] =>
  runs.map((run) => ("failed" in run ? Number.NaN : run.handled / run.seconds / 1_000));

const medianRate = (side: Side): number => median(ratesOf(side));

/** A number as people read it: 1,000,000. */
export const grouped = (count: number): string => count.toLocaleString("en-US");

export const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;

/** Returns whether a figure reaches its goal; undefined if it has none. A refused figure reaches nothing. */
export function reaches({ value = Number.NaN, goal }: Figure): boolean | undefined {
  if (!goal) return undefined;
  return "atLeast" in goal ? value >= goal.atLeast : value <= goal.atMost;
}

/** Returns the value as people read it, or that there is none. */
export function valueOf({ value, unit, refused }: Figure): string {
  if (refused !== undefined || value === undefined) return "none";
  if (unit !== undefined) return `${round(value)} ${unit}`;
  return `${round(value)} ×`;
}

export const goalOf = ({ goal, unit }: Figure): string => {
  if (!goal) return "";
  return ("atLeast" in goal ? `≥ ${goal.atLeast}` : `≤ ${goal.atMost}`) + (unit === undefined ? " ×" : ` ${unit}`);
};

const round = (value: number): string =>
  Number.isInteger(value) ? String(value) : value.toFixed(Math.abs(value) < 10 ? 2 : 0);

function lineOf(one: Figure): string {
  const beside = one.peer === undefined ? "" : ` beside ${one.peer}`;
  const goal = one.goal ? `, goal ${goalOf(one)}${reaches(one) ? "" : ", not reached"}` : "";
  const end = one.refused === undefined ? `${valueOf(one)}${goal}` : `NO FIGURE: ${one.refused}`;
  const rounds = one.rounds === undefined ? "" : ` (rounds: ${one.rounds})`;
  return `${one.name}: ${one.ours}${beside}: ${end}${rounds}`;
}
