import { type Figure, goalOf, reaches, valueOf } from "./figures.js";

/** How a run of one benchmark ended. "not run": something that it needs is missing. */
export type StepEnd = "done" | "failed" | "too late" | "not run" | "interrupted";

/** One benchmark of the whole run. */
export interface Step {
  readonly command: string;
  readonly end: StepEnd;
  readonly seconds: number;
  readonly figures: readonly Figure[];
  /** What it printed. */
  readonly output: string;
}

export interface Results {
  /** Of the whole run. */
  readonly command: string;
  readonly date: Date;
  readonly machine: readonly (readonly [name: string, value: string])[];
  readonly steps: readonly Step[];
  /** Commands that have not run yet, or were not reached before an interruption. */
  readonly missing: readonly string[];
}

const ENDS: Readonly<Record<StepEnd, string>> = {
  done: "",
  failed: "**Failed.** ",
  "too late": "**Ended, because it took too long.** ",
  "not run": "**Not run.** ",
  interrupted: "**Interrupted.** ",
};
/** Longer output is shown from its end. */
const MOST_LINES = 120;

/** Renders bench/RESULTS.md. */
export function renderResults(results: Results): string {
  const { command, date, machine, steps, missing } = results;
  const figures = steps.flatMap(({ figures: of, command: by }) => of.map((one) => [one, by] as const));
  return [
    "# Results",
    "",
    `Written by \`${command}\`, ${date.toISOString().slice(0, 16).replace("T", " ")} UTC. Do not edit: run it again.`,
    "",
    "Rates differ from machine to machine; compare the ratios. The contenders of a ratio take turns in one run, and the " +
      "ratio is that of their medians. There is none if a run of either failed or handled another number of assets than " +
      "it was given. A goal is what assetmill is to reach. Each figure has its own command, which prints it again.",
    "",
    ...(missing.length > 0
      ? [`**Not complete.** These commands have not run: ${missing.map((one) => `\`${one}\``).join(", ")}.`, ""]
      : []),
    ...table(["", "this run"], machine),
    "",
    "## Figures",
    "",
    ...table(
      ["figure", "assetmill", "beside", "value", "goal", "reached", "command"],
      figures.map(([one, by]) => [
        one.name,
        one.ours,
        one.peer ?? "",
        one.refused === undefined ? valueOf(one) : `none: ${one.refused}`,
        goalOf(one),
        wordFor(reaches(one)),
        `\`${by}\``,
      ]),
    ),
    ...steps.flatMap(section),
    "",
  ].join("\n");
}

const wordFor = (reached: boolean | undefined): string => (reached === undefined ? "" : reached ? "yes" : "no");

function section({ command, end, seconds, output }: Step): readonly string[] {
  const lines = output.trimEnd().split("\n");
  const shown =
    lines.length > MOST_LINES ? [`… ${lines.length - MOST_LINES} lines`, ...lines.slice(-MOST_LINES)] : lines;
  return ["", `## ${command}`, "", `${ENDS[end]}${seconds.toFixed(0)} s.`, "", "```text", ...shown, "```"];
}

const table = (head: readonly string[], rows: readonly (readonly string[])[]): readonly string[] => [
  row(head),
  row(head.map(() => "---")),
  ...rows.map(row),
];

/** No cell can end its column or its line. */
const row = (cells: readonly string[]): string =>
  `| ${cells.map((cell) => cell.replaceAll("|", "\\|").replaceAll(/\s+/g, " ")).join(" | ")} |`;
