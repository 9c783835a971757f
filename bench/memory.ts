import { Contender } from "./contenders.js";
import { ENGINES, type Engine } from "./engines.js";
import { figure, grouped } from "./figures.js";

const FEW = 10_000;
const MOST_MB = 160;
const MOST_GROWTH_MB = 30;
const WORKS = ["made-up", "stamped", "unstamped"] as const;
type OurWork = (typeof WORKS)[number];

/**
 * `npm run bench -- memory [COUNT] [sqlite|postgres]`: peak resident memory of a process that runs one job over 10,000
 * assets, and of one that runs a job over COUNT. Each case has a new process.
 */
export async function runMemory([number = "1000000", name = "sqlite"]: readonly string[]): Promise<void> {
  const count = Number(number);
  const open = Object.hasOwn(ENGINES, name) ? ENGINES[name] : undefined;
  if (!Number.isInteger(count) || count < 1 || count > 1_000_000 || !open) {
    process.stderr.write(`npm run bench -- memory [1..1000000] [${Object.keys(ENGINES).join("|")}]\n`);
    process.exitCode = 2;
    return;
  }
  const engine = await open();
  const what = {
    "made-up": `made-up assets, jobs in ${engine.name}`,
    stamped: `assets and jobs in ${engine.name}, a stamp each`,
    unstamped: `assets and jobs in ${engine.name}, no stamps`,
  };
  try {
    for (const work of WORKS) {
      const few = await peakOf(engine, work, FEW);
      const many = await peakOf(engine, work, count);
      const fault = [few, many].find((peak) => typeof peak === "string");
      const name = `Peak memory, ${grouped(count)} ${what[work]}`;
      const ours = `${few} MB for ${grouped(FEW)}, ${many} MB for ${grouped(count)}`;
      if (typeof few === "string" || typeof many === "string") {
        figure({ name, ours: "none", unit: "MB", goal: { atMost: MOST_MB }, refused: String(fault) });
        continue;
      }
      figure({ name, ours, value: many, unit: "MB", goal: { atMost: MOST_MB } });
      figure({
        name: `${name}: more than for ${grouped(FEW)}`,
        ours,
        value: many - few,
        unit: "MB",
        goal: { atMost: MOST_GROWTH_MB },
      });
    }
  } finally {
    await engine.stop();
  }
}

/** Returns MB, or why there is no figure. */
async function peakOf(engine: Engine, work: OurWork, count: number): Promise<number | string> {
  const contender = Contender.of(work);
  try {
    const task = work === "made-up" ? engine.jobs("memory", count) : await engine.makeAssets("memory", count);
    const run = await contender.run(task);
    if ("failed" in run) return run.failed;
    if (run.handled !== count) return `${run.handled} of ${count} assets were handled`;
    return (await contender.peakMb()) ?? "this system does not tell";
  } finally {
    await contender.end();
    await engine.remove("memory");
  }
}
