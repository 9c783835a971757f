import { writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { figure } from "./figures.js";
import { makeTrace, TRACE_KINDS, type TraceKind, traceSet } from "./eta/made-traces.js";
import { type EtaErrors, median, replay } from "./eta/replay.js";
import { readTrace, type Trace } from "./eta/trace.js";

/** Of each kind: so many made traces were used to choose the estimator's constants, and so many were held out. */
const PER_KIND = 60;
const SETS: readonly (readonly [name: string, seed: number])[] = [
  ["tuning", 2],
  ["held out", 1_001],
];

/** Several types or sizes on a machine of steady speed. */
const MIXED_TREES = ["mixed", "slow type last", "slow type first", "folders", "folders and sizes", "sizes"];

const say = (line: string): void => void process.stdout.write(`${line}\n`);

/**
 * `npm run bench -- eta`: replays made traces of jobs and compares the remaining time that their status would have said
 * with what came, beside the estimators of others: a table of median errors in percent, for each kind of trace.
 *
 * `--trace FILE`: replays this trace, and prints its errors as one line of JSON. The file has JSON lines: first
 * `{ "total", "census": { type: { "assets", "bytes" } }, "concurrency", "prior": null or { type: { "assets", "bytes",
 * "busyMs" } } }`, then `{ "at": ms, "type", "size", "durationMs" }` for each asset, `at` being when it ended.
 *
 * `--make FILE --kind KIND [--assets N] [--concurrency N] [--prior P] [--seed N]`: writes such a file.
 */
export async function runEta(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      trace: { type: "string" },
      make: { type: "string" },
      kind: { type: "string", default: "folders" },
      assets: { type: "string", default: "2000" },
      concurrency: { type: "string", default: "4" },
      prior: { type: "string", default: "absent" },
      seed: { type: "string", default: "1" },
    },
  });
  if (values.trace !== undefined) say(JSON.stringify(rounded(replay(await readTrace(values.trace)))));
  else if (values.make === undefined) for (const [name, seed] of SETS) compare(name, traceSet(seed, PER_KIND));
  else {
    const { kind, assets, concurrency, prior, seed } = values;
    if (!TRACE_KINDS.includes(kind)) throw new Error(`--kind must be one of ${TRACE_KINDS.join(", ")}, not ${kind}`);
    const numbers = { assets: Number(assets), concurrency: Number(concurrency), seed: Number(seed) };
    await writeFile(values.make, linesOf(makeTrace({ name: kind, prior: prior as TraceKind["prior"], ...numbers })));
  }
}

const linesOf = ({ head, lines }: Trace): string =>
  `${[head, ...lines].map((line) => JSON.stringify(line)).join("\n")}\n`;

function rounded(errors: EtaErrors): EtaErrors {
  const round = (percent: number): number => Number(percent.toPrecision(5));
  const { ours, elapsed, tqdm, indicatif } = errors;
  return { ours: round(ours), elapsed: round(elapsed), tqdm: round(tqdm), indicatif: round(indicatif) };
}

interface Compared {
  readonly kind: TraceKind;
  readonly errors: EtaErrors;
  /** Our error in those of the better of tqdm and indicatif. */
  readonly ratio: number;
}

function compare(name: string, kinds: readonly TraceKind[]): void {
  const rows = kinds.map((kind): Compared => {
    const errors = replay(makeTrace(kind));
    return { kind, errors, ratio: errors.ours / Math.min(errors.tqdm, errors.indicatif) };
  });
  say(
    `\n${name}: ${rows.length} traces; median errors in %, and our error in that of the better of tqdm and indicatif`,
  );
  say("| kind | ours | elapsed | tqdm | indicatif | ratio | worst | above 1.1 |");
  say("|---|---|---|---|---|---|---|---|");
  const line = (title: string, of: (kind: TraceKind) => boolean): void =>
    sayRow(
      title,
      rows.filter(({ kind }) => of(kind)),
    );
  for (const kind of new Set(kinds.map((one) => one.name))) line(kind, (one) => one.name === kind);
  for (const prior of new Set(kinds.map((one) => one.prior))) line(`prior ${prior}`, (one) => one.prior === prior);
  for (const assets of [20, 100, 500, 2_000, 10_000, 20_000, 100_000])
    line(`${assets} assets`, (one) => one.assets === assets);
  for (const lanes of [1, 2, 4, 8, 16]) line(`concurrency ${lanes}`, (one) => one.concurrency === lanes);
  line("mixed trees", ({ name }) => MIXED_TREES.includes(name));
  line("all", () => true);
  const ratios = rows.filter(({ kind }) => MIXED_TREES.includes(kind.name)).map(({ ratio }) => ratio);
  for (const [what, value, atMost] of [
    ["median", median(ratios), 0.35],
    ["worst", Math.max(...ratios), 1.1],
  ] as const) {
    figure({
      name: `Error of the remaining time in that of the better of tqdm and indicatif, ${ratios.length} mixed trees (${name}), ${what}`,
      ours: value.toFixed(2),
      value,
      goal: { atMost },
    });
  }
}

function sayRow(title: string, rows: readonly Compared[]): void {
  const middle = (pick: (row: Compared) => number): string => median(rows.map(pick)).toFixed(2);
  const { ours, elapsed, tqdm, indicatif } = {
    ours: middle(({ errors }) => errors.ours),
    elapsed: middle(({ errors }) => errors.elapsed),
    tqdm: middle(({ errors }) => errors.tqdm),
    indicatif: middle(({ errors }) => errors.indicatif),
  };
  const ratio = middle((row) => row.ratio);
  const worst = Math.max(...rows.map((row) => row.ratio)).toFixed(2);
  const above = rows.filter((row) => row.ratio > 1.1).length;
  say(
    `| ${title} | ${ours} | ${elapsed} | ${tqdm} | ${indicatif} | ${ratio} | ${worst} | ${above} of ${rows.length} |`,
  );
}
