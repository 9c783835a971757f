import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { repositoryRoot } from "../test/support/architecture.js";
import { type Bench, BENCHES } from "./benches.js";
import { type Figure, FIGURES_FILE } from "./figures.js";
import { describeMachine } from "./machine.js";
import { NOT_RUN_EXIT } from "./not-run.js";
import { renderResults, type Step, type StepEnd } from "./results.js";

const MAIN = fileURLToPath(new URL("main.js", import.meta.url));
const PATIENCE_MS = 10_000;

/** One benchmark with its arguments. */
interface Planned {
  readonly bench: Bench;
  readonly args: readonly string[];
  readonly command: string;
}

/**
 * `npm run bench [-- --full]`: runs all benchmarks one after the other, each in a process of its own and for a limited
 * time, and writes bench/RESULTS.md after each. Whatever a benchmark leaves behind (processes, files) is removed. Exit
 * code 1 if one failed, 130 if interrupted.
 */
export async function runWhole(full: boolean): Promise<void> {
  const file = join(repositoryRoot(), "bench", "RESULTS.md");
  const planned = BENCHES.flatMap((bench) => planOf(bench, full));
  const machine = await describeMachine();
  const date = new Date();
  const steps: Step[] = [];
  const interruption = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => interruption.abort());
  for (const [i, one] of planned.entries()) {
    if (interruption.signal.aborted) break;
    process.stdout.write(`\n=== ${i + 1} of ${planned.length}: ${one.command}\n`);
    steps.push(await runStep(one, interruption.signal));
    const missing = planned.slice(i + 1).map(({ command }) => command);
    const command = full ? "npm run bench -- --full" : "npm run bench";
    await writeFile(file, renderResults({ command, date, machine, steps, missing }));
  }
  process.stdout.write(`\nWritten: ${file}\n`);
  if (interruption.signal.aborted) process.exitCode = 130;
  else if (steps.some(({ end }) => end === "failed" || end === "too late")) process.exitCode = 1;
}

const planOf = (bench: Bench, full: boolean): readonly Planned[] =>
  ((full ? bench.full : undefined) ?? bench.whole ?? []).map((args) => ({
    bench,
    args: args.split(" ").filter((arg) => arg !== ""),
    command: `npm run bench -- ${bench.name} ${args}`.trim(),
  }));

async function runStep({ bench, args, command }: Planned, interruption: AbortSignal): Promise<Step> {
  const home = await mkdtemp(join(tmpdir(), "assetmill-bench-"));
  // PostgreSQL may run as another user.
  await chmod(home, 0o755);
  const figuresFile = join(home, "figures");
  await writeFile(figuresFile, "");
  const began = performance.now();
  // A process group of its own, so that it can be ended with all servers that it started; it ends by itself with this
  // process, by the channel.
  const child = spawn(process.execPath, [MAIN, bench.name, ...args], {
    detached: true,
    stdio: ["ignore", "pipe", "pipe", "ipc"],
    env: { ...process.env, TMPDIR: home, [FIGURES_FILE]: figuresFile },
  });
  const output: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8").on("data", (text: string) => {
      output.push(text);
      process.stdout.write(text);
    });
  }
  const limit = AbortSignal.timeout(bench.limitMinutes * 60_000);
  let kill: NodeJS.Timeout | undefined;
  const stop = (): void => {
    signalGroup(child.pid, "SIGTERM");
    kill ??= setTimeout(() => signalGroup(child.pid, "SIGKILL"), PATIENCE_MS);
  };
  for (const signal of [limit, interruption]) signal.addEventListener("abort", stop);
  const [code] = (await once(child, "close")) as [number | null];
  clearTimeout(kill);
  for (const signal of [limit, interruption]) signal.removeEventListener("abort", stop);
  signalGroup(child.pid, "SIGKILL");
  const figures = (await readFile(figuresFile, "utf8"))
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Figure);
  await rm(home, { recursive: true, force: true, maxRetries: 5 });
  const end = endOf(code, interruption.aborted, limit.aborted);
  const seconds = (performance.now() - began) / 1_000;
  if (end !== "done") process.stdout.write(`*** ${command}: ${end} ***\n`);
  return { command, end, seconds, figures, output: output.join("") };
}

function endOf(code: number | null, isInterrupted: boolean, isLate: boolean): StepEnd {
  if (isInterrupted) return "interrupted";
  if (isLate) return "too late";
  if (code === NOT_RUN_EXIT) return "not run";
  return code === 0 ? "done" : "failed";
}

function signalGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // Nothing of it is left.
  }
}
