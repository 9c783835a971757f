import { Contender } from "./contenders.js";
import { ENGINES, type Engine } from "./engines.js";
import { compare, figure, type Goal, grouped, type Run } from "./figures.js";
import { sayNotRun } from "./not-run.js";
import { SPRING_BATCH, startSpringBatch } from "./peers.js";

/** Of many assets, fewer rounds are enough. */
const roundsOf = (count: number): number => (count > 200_000 ? 3 : 5);
/** Assets of a warm-up that does not count, and how often it is run: a JVM needs longer. */
const WARM_UP = 50_000;
const WARM_UPS = { loop: 1, "made-up": 1, stamped: 1, unstamped: 1, spring: 4 };
/** Limit of what one statement of the test support can insert. */
const MOST = 1_000_000;

const LOOP = "loop with outcome rows";
const GOALS: Readonly<Record<string, Readonly<Record<"made-up" | "stamped" | "unstamped", Goal>>>> = {
  sqlite: { "made-up": { atLeast: 1.6 }, stamped: { atLeast: 1 }, unstamped: { atLeast: 1.2 } },
  postgres: { "made-up": { atLeast: 1.5 }, stamped: { atLeast: 0.9 }, unstamped: { atLeast: 1.2 } },
};

type Name = keyof typeof WARM_UPS;

/**
 * `npm run bench -- throughput [COUNT] [sqlite|postgres]`: measures no-op assets from start to SUCCESS, alternating in
 * one run with the loop that writes outcome rows and with Spring Batch. Measures made-up assets, assets stored in the
 * jobs' database, whose stamps are written in the transaction of their outcomes, and the same without stamps. Each of
 * them has a process of its own.
 */
export async function runThroughput([number = "100000", name = "sqlite"]: readonly string[]): Promise<void> {
  const count = Number(number);
  const open = Object.hasOwn(ENGINES, name) ? ENGINES[name] : undefined;
  const goals = GOALS[name];
  if (!Number.isInteger(count) || count < 1 || count > MOST || !open || !goals) {
    process.stderr.write(`npm run bench -- throughput [1..${MOST}] [${Object.keys(ENGINES).join("|")}]\n`);
    process.exitCode = 2;
    return;
  }
  const contenders = new Map<Name, Contender>();
  for (const work of ["loop", "made-up", "stamped", "unstamped"] as const) contenders.set(work, Contender.of(work));
  await startSpringBatch().then(
    (spring) => contenders.set("spring", spring),
    (error: unknown) => sayNotRun(SPRING_BATCH, error),
  );
  const engine = await open();
  const runs: Record<Name, Run[]> = { loop: [], "made-up": [], stamped: [], unstamped: [], spring: [] };
  try {
    for (const [contender, process] of contenders) {
      for (let i = 0; i < WARM_UPS[contender]; i++) await measure(engine, contender, process, Math.min(count, WARM_UP));
    }
    for (let i = 0; i < roundsOf(count); i++) {
      for (const [contender, process] of contenders)
        runs[contender].push(await measure(engine, contender, process, count));
    }
    const sides = {
      loop: { name: LOOP, runs: runs.loop },
      spring: { name: `${SPRING_BATCH}, warm`, runs: runs.spring },
    };
    for (const [work, what, peer] of [
      ["made-up", `made-up assets, jobs in ${engine.name}`, "loop"],
      ["stamped", `assets and jobs in ${engine.name}, a stamp each`, "loop"],
      ["unstamped", `assets and jobs in ${engine.name}, no stamps`, "spring"],
    ] as const) {
      const ours = { name: "assetmill", runs: runs[work] };
      figure(compare({ name: `${grouped(count)} ${what}`, ours, peer: sides[peer], goal: goals[work] }));
    }
    figure(compare({ name: `${SPRING_BATCH} on ${engine.name}`, ours: sides.spring, peer: sides.loop }));
    const peaks: string[] = [];
    for (const [contender, process] of contenders) peaks.push(`${contender} ${await process.peakMb()} MB`);
    process.stdout.write(`Peak memory of each process, over all rounds: ${peaks.join(", ")}\n`);
  } finally {
    for (const contender of contenders.values()) await contender.end();
    await engine.stop();
  }
}

/** Runs a contender once, in a database or schema of its own. */
async function measure(engine: Engine, name: Name, contender: Contender, count: number): Promise<Run> {
  const place = `r_${name.replace("-", "_")}`;
  try {
    switch (name) {
      case "loop":
        return await contender.run(await engine.makeRows(place, count));
      case "spring":
        await engine.makeRows(place, count);
        return await contender.ask(engine.jdbcUrl(place), count);
      case "made-up":
        return await contender.run(engine.jobs(place, count));
      default:
        return await contender.run(await engine.makeAssets(place, count));
    }
  } finally {
    await engine.remove(place);
  }
}
