import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { cancel } from "../src/core/job/job-transitions.js";
import { openDatabase, storesOn } from "../test/support/sqlite-store.js";
import { draftOf } from "../src/testing/conformance/job-steps.js";

const HISTORY = "/bin/guides/v1/assets/process/history?limit=1000";
const READERS = 6;
const LIMIT_MS = 120_000;

const say = (line: string): void => void process.stdout.write(`${line}\n`);

interface Walk {
  readonly status: number;
  /** Distinct jobs. */
  readonly jobs: number;
  readonly answers: number;
  readonly bytes: number;
}

/**
 * `npm run bench -- history [JOBS] [EXCLUDED]`: a server over this many jobs with this many excluded paths each. Measures
 * the time and the peak memory of one reader of the whole history in pages of 1,000 jobs, and of six at once.
 */
export async function runHistory([jobs = "560", excluded = "10000"]: readonly string[]): Promise<void> {
  const home = await mkdtemp(join(tmpdir(), "assetmill-bench-"));
  try {
    const file = join(home, "jobs.sqlite");
    await fill(file, Number(jobs), Number(excluded));
    await mkdir(join(home, "assets"));
    await writeFile(join(home, "assets", "one.txt"), "");
    for (const readers of [1, READERS]) {
      const server = await serve(home, file);
      try {
        const idle = await peakMb(server.child);
        const beganMs = performance.now();
        const walks = await Promise.all(Array.from({ length: readers }, () => walk(server.url)));
        const tookMs = performance.now() - beganMs;
        say(
          `${readers} at once: ${tookMs.toFixed(0)} ms, peak ${await peakMb(server.child)} MB (idle ${idle} MB); ` +
            walks.map((w) => `${w.status}: ${w.jobs} jobs in ${w.answers} answers, ${w.bytes} bytes`).join("; "),
        );
      } finally {
        server.child.kill();
        await once(server.child, "exit");
      }
    }
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}

/** Makes ended jobs: a server leaves them alone. */
async function fill(file: string, jobs: number, excluded: number): Promise<void> {
  const excludedPaths = Array.from(
    { length: excluded },
    (_, i) => `/one/${"x".repeat(88)}${String(i).padStart(7, "0")}`,
  );
  const stores = storesOn(await openDatabase(file));
  for (let i = 0; i < jobs; i++) {
    const { id } = await stores.jobs.create(draftOf({}, { dryRun: true, excludedPaths }), async () => {});
    await stores.jobs.update(id, ({ job, facts }) => cancel(job, "bench", facts));
  }
  await stores.database.close();
}

async function serve(home: string, file: string): Promise<{ readonly child: ChildProcess; readonly url: string }> {
  const args = ["serve", "--json", "--port", "0", "--auth", "none", "--store", `sqlite:${file}`];
  const assets = ["--assets", `folder:${join(home, "assets")}`];
  const child = spawn(process.execPath, ["dist/cli/main.js", ...args, ...assets], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  for await (const line of createInterface({ input: child.stdout })) {
    return { child, url: (JSON.parse(line) as { url: string }).url };
  }
  throw new Error("the server ended before it listened");
}

/** Reads the whole history, from answer to answer. */
async function walk(origin: string): Promise<Walk> {
  const seen = new Set<string>();
  let bytes = 0;
  for (let answers = 1, before = ""; ; answers++) {
    const response = await fetch(`${origin}${HISTORY}${before}`, { signal: AbortSignal.timeout(LIMIT_MS) });
    const text = await response.text();
    bytes += text.length;
    const { executionHistory = [], next } = JSON.parse(text) as {
      executionHistory?: readonly { processingId: string }[];
      next?: string | null;
    };
    for (const { processingId } of executionHistory) seen.add(processingId);
    if (typeof next !== "string") return { status: response.status, jobs: seen.size, answers, bytes };
    before = `&before=${next}`;
  }
}

/** The server's peak resident memory since it started, in MB. */
async function peakMb({ pid }: ChildProcess): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return Math.round(Number(/VmHWM:\s+(\d+)/.exec(status)?.[1]) / 1024);
}
