import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { figure } from "./figures.js";

const TURNS = 9;
/** What importing may take above bare Node, and `assetmill process` on the sample. */
const MOST_IMPORT_MS = 150;
const MOST_IMPORT_MB = 60;
const MOST_SAMPLE_MS = 600;
const MAIN = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
const INDEX = new URL("../../dist/index.js", import.meta.url).href;
const SAMPLE = fileURLToPath(new URL("../../examples/sample", import.meta.url));

const say = (line: string): void => void process.stdout.write(`${line}\n`);

/** What a process of Node took from start to end, and its resident memory at the end where it says so. */
interface Run {
  readonly ms: number;
  readonly mb: number;
}

/** Prints a process's resident memory at its end, as the last line. Its peak would begin with that of this process. */
const WITH_MEMORY = `process.on("exit", () => process.stdout.write("\\n" + process.memoryUsage.rss()));`;

/**
 * `npm run bench -- start [TURNS]`: measures what importing assetmill costs above a bare Node in time and memory, and
 * `assetmill process` on the sample, by an empty store, from start to end. Medians; the kinds take turns.
 */
export async function runStart([turns = String(TURNS)]: readonly string[]): Promise<void> {
  const runs: Record<"bare" | "imported" | "sample", Run[]> = { bare: [], imported: [], sample: [] };
  for (let i = 0; i < Number(turns); i++) {
    runs.bare.push(await run(["--input-type=module", "-e", WITH_MEMORY]));
    runs.imported.push(
      await run(["--input-type=module", "-e", `${WITH_MEMORY} await import(${JSON.stringify(INDEX)});`]),
    );
    const home = await mkdtemp(join(tmpdir(), "assetmill-bench-"));
    try {
      const root = "/content/dam/espresso";
      runs.sample.push(await run([MAIN, "process", root, "--assets", `folder:${SAMPLE}?mount=${root}`], home));
    } finally {
      await rm(home, { recursive: true, force: true });
    }
  }
  const [bare, imported, sample] = [median(runs.bare), median(runs.imported), median(runs.sample)];
  say(
    `import "assetmill": ${(imported.ms - bare.ms).toFixed(0)} ms and ${(imported.mb - bare.mb).toFixed(1)} MB ` +
      `above bare Node (${bare.ms.toFixed(0)} ms, ${bare.mb.toFixed(1)} MB)`,
  );
  say(`assetmill process, the sample: ${sample.ms.toFixed(0)} ms from start to end`);
  for (const [name, value, unit, atMost] of [
    ['import "assetmill" above bare Node', imported.ms - bare.ms, "ms", MOST_IMPORT_MS],
    ['Memory of import "assetmill" above bare Node', imported.mb - bare.mb, "MB", MOST_IMPORT_MB],
    ["assetmill process on the sample, from start to end", sample.ms, "ms", MOST_SAMPLE_MS],
  ] as const) {
    figure({ name, ours: `${value.toFixed(0)} ${unit}`, value, unit, goal: { atMost } });
  }
}

/** Runs Node to its end. Rejects if it fails: what did not work has no time. */
function run(args: readonly string[], cwd?: string): Promise<Run> {
  return new Promise((done, fail) => {
    const began = performance.now();
    let [out, err] = ["", ""];
    const child = spawn(process.execPath, args, { cwd, stdio: ["ignore", "pipe", "pipe"] });
    child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (err += text));
    child.on("error", fail).on("close", (code) => {
      const ms = performance.now() - began;
      if (code !== 0) return fail(new Error(`node ${args.join(" ")} ended with ${code}: ${err}`));
      done({ ms, mb: Number(out.split("\n").at(-1)) / 2 ** 20 });
    });
  });
}

function median(runs: readonly Run[]): Run {
  const middle = (values: readonly number[]): number =>
    [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
  return { ms: middle(runs.map(({ ms }) => ms)), mb: middle(runs.map(({ mb }) => mb)) };
}
