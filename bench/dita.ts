import { execFile, spawn } from "node:child_process";
import { rm } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { createAssetmill } from "../src/index.js";
import { figure, grouped } from "./figures.js";
import { parseWithSaxes } from "./dita-saxes.js";
import { type DitaTree, ditaTree } from "./dita-tree.js";

const ROUNDS = 3;
/** Of what xmllint does. */
const AT_LEAST = 0.85;
const ROOT = "/content/dam/docs";
const ASK_EVERY_MS = 25;

const say = (line: string): void => void process.stdout.write(`${line}\n`);

/** What a job shows while it runs, in milliseconds. */
interface Latencies {
  readonly loopP99: number;
  readonly statusP99: number;
  readonly firstAsset: number;
}

/**
 * `npm run bench -- dita [FILES]`: real DITA files in a folder, from the start of the job to SUCCESS (parsed, links
 * checked, results and outcomes durable in a SQLite file), in turns with `xargs -P2 xmllint --noout` and with saxes
 * alone in one and in two threads over the same files. Each round has a store of its own.
 */
export async function runDita([number = "46200"]: readonly string[]): Promise<void> {
  const count = Number(number);
  if (!Number.isInteger(count) || count < 1) {
    process.stderr.write("npm run bench -- dita [FILES]\n");
    process.exitCode = 2;
    return;
  }
  const tree = await ditaTree(count);
  const xmllint = await versionOfXmllint();
  if (xmllint === undefined) say("!!! xmllint is missing (Debian: apt-get install libxml2-utils): no ratio to it");
  const latencies: Latencies[] = [];
  const turns: readonly (readonly [name: string, run: () => Promise<number>])[] = [
    ...(xmllint === undefined ? [] : [[`xargs -P2 ${xmllint} --noout`, () => lint(tree)] as const]),
    ["saxes alone, 1 thread", () => parseWithSaxes(tree.files, 1)],
    ["saxes alone, 2 threads", () => parseWithSaxes(tree.files, 2)],
    ["assetmill", () => process_(tree, latencies)],
  ];
  const rates = new Map<string, number[]>(turns.map(([name]) => [name, []]));
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, run] of turns) rates.get(name)?.push(await rate(name, count, run));
  }
  const ours = median(rates.get("assetmill") ?? []);
  say(`${count} DITA files, ${availableParallelism()} cores, Node.js ${process.version}`);
  for (const [name, all] of rates) {
    say(`${name}: ${median(all).toFixed(1)} k/s (${all.map((one) => one.toFixed(1)).join(", ")})`);
    if (name === "assetmill") continue;
    figure({
      name: `${grouped(count)} DITA files in a folder`,
      ours: `${ours.toFixed(1)} k/s`,
      peer: `${name}: ${median(all).toFixed(1)} k/s`,
      value: ours / median(all),
      ...(name.includes("xmllint") && { goal: { atLeast: AT_LEAST } }),
    });
  }
  const of = (what: keyof Latencies): string => median(latencies.map((one) => one[what])).toFixed(1);
  say(
    `event loop delay p99: ${of("loopP99")} ms; status p99: ${of("statusP99")} ms; first asset: ${of("firstAsset")} ms`,
  );
  say(`peak RSS of this process: ${Math.round(process.resourceUsage().maxRSS / 1024)} MB`);
}

async function versionOfXmllint(): Promise<string | undefined> {
  try {
    const { stderr } = await promisify(execFile)("xmllint", ["--version"]);
    return `xmllint (${/libxml version (\d+)/.exec(stderr)?.[1] ?? "unknown version"})`;
  } catch {
    return undefined;
  }
}

/** Returns the number of files; throws if one is not well-formed, or xmllint cannot run. */
async function lint({ files }: DitaTree): Promise<number> {
  const xargs = spawn("xargs", ["-0", "-P2", "-n", "500", "xmllint", "--noout"], {
    stdio: ["pipe", "inherit", "inherit"],
  });
  const ended = new Promise<number | null>((resolve, reject) => xargs.once("error", reject).once("close", resolve));
  xargs.stdin.end(files.map((file) => `${file}\0`).join(""));
  const code = await ended;
  if (code !== 0) throw new Error(`xargs ended with code ${code}`);
  return files.length;
}

/** Runs a job over the tree. Returns the number of assets that succeeded. */
async function process_({ folder }: DitaTree, latencies: Latencies[]): Promise<number> {
  const store = join(tmpdir(), `assetmill-bench-dita-${process.pid}.sqlite`);
  const remove = async (): Promise<void> => {
    for (const end of ["", "-wal", "-shm"]) await rm(store + end, { force: true });
  };
  await remove();
  const mill = await createAssetmill({ assets: `folder:${folder}?mount=${ROOT}`, store: `sqlite:${store}` });
  try {
    const delay = monitorEventLoopDelay({ resolution: 1 });
    delay.enable();
    const startedMs = performance.now();
    const { processingId } = await mill.operator.start({ path: ROOT, type: "ASSET_PROCESSING" }, "bench");
    const asked: number[] = [];
    let firstAsset = Number.NaN;
    for (;;) {
      const sentMs = performance.now();
      const { status, succeededCount, failedCount, processedCount } = await mill.operator.status(processingId);
      asked.push(performance.now() - sentMs);
      if (processedCount > 0 && Number.isNaN(firstAsset)) firstAsset = performance.now() - startedMs;
      if (status === "SUCCESS") {
        delay.disable();
        if (failedCount > 0) throw new Error(`${failedCount} assets failed`);
        latencies.push({ loopP99: delay.percentile(99) / 1e6, statusP99: percentile99(asked), firstAsset });
        return succeededCount;
      }
      if (status !== "WAITING" && status !== "PROCESSING") throw new Error(`the job ended with status ${status}`);
      await sleep(ASK_EVERY_MS);
    }
  } finally {
    await mill.close();
    await remove();
  }
}

/** Returns thousands per second; throws if not all files were handled. */
async function rate(name: string, count: number, work: () => Promise<number>): Promise<number> {
  const startedMs = performance.now();
  const handled = await work();
  if (handled !== count) throw new Error(`${name}: ${handled} of ${count} files were handled`);
  return count / (performance.now() - startedMs);
}

const percentile99 = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length * 0.99)] ?? Number.NaN;

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
