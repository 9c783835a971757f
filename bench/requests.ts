import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { type Assetmill, createAssetmill } from "../src/index.js";
import { startPostgres } from "../test/support/postgres-server.js";
import { figure } from "./figures.js";
import { SyntheticTrees } from "./synthetic-trees.js";

const JOBS = 7;
/** At p99. */
const MOST_ANSWER_MS = 50;
const MOST_DELAY_MS = 20;
/** How long it is asked, after the jobs have begun. */
const ASK_MS = 8_000;
const ASK_EVERY_MS = 15;
/** More than are handled meanwhile. */
const ASSETS_PER_JOB = 1_500_000;

const say = (line: string): void => void process.stdout.write(`${line}\n`);

/**
 * `npm run bench -- requests [sqlite|postgres]`: measures `GET /status` and the event loop's delay beside seven jobs whose
 * handler costs nothing, so that the engine runs flat out.
 */
export async function runRequests([only]: readonly string[]): Promise<void> {
  const home = await mkdtemp(join(tmpdir(), "assetmill-bench-"));
  const stores: Record<string, () => Promise<{ uri: string; stop: () => Promise<void> }>> = {
    sqlite: async () => ({ uri: `sqlite:${join(home, "jobs.sqlite")}`, stop: async () => {} }),
    postgres: async () => {
      const server = await startPostgres();
      return { uri: server.url, stop: () => server.stop() };
    },
  };
  try {
    for (const [name, open] of Object.entries(stores)) {
      if (only !== undefined && only !== name) continue;
      const { uri, stop } = await open();
      try {
        await measure(name, uri);
      } finally {
        await stop();
      }
    }
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}

async function measure(name: string, store: string): Promise<void> {
  const roots = Array.from({ length: JOBS }, (_, i) => `job-${i}`);
  const mill = await createAssetmill({
    assets: new SyntheticTrees(new Map(roots.map((root) => [`/${root}`, ASSETS_PER_JOB]))),
    store,
    plugins: [{ name: "noop", version: "1", writes: false, process: () => undefined }],
    builtIns: false,
  });
  const listener = mill.nodeListener();
  const server = createServer((request, response) => void listener(request, response)).listen(0, "127.0.0.1");
  try {
    const ids: string[] = [];
    for (const root of roots)
      ids.push((await mill.operator.start({ path: `/${root}`, type: "ASSET_PROCESSING" }, "bench")).processingId);
    await sleep(1_000);
    await ask(name, mill, (server.address() as AddressInfo).port, ids);
  } finally {
    server.closeAllConnections();
    server.close();
    await mill.close();
  }
}

async function ask(name: string, mill: Assetmill, port: number, ids: readonly string[]): Promise<void> {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  const api = `http://127.0.0.1:${port}/bin/guides/v1/assets/process/status?processingId=`;
  const before = await processedBy(mill, ids);
  const began = performance.now();
  delay.enable();
  const asked = await timesOf(
    ids.map((id) => `${api}${id}`),
    mill.token ?? "",
  );
  delay.disable();
  const rate = (((await processedBy(mill, ids)) - before) * 1_000) / (performance.now() - began);
  const [p50, p99] = [50, 99].map((share) => (delay.percentile(share) / 1e6).toFixed(1));
  say(
    `${name}: ${rate.toFixed(0)} assets/s by ${ids.length} jobs; GET /status ${spread(asked)} (${asked.length} requests); ` +
      `event loop delay p50 ${p50} ms, p99 ${p99} ms`,
  );
  const answer = [...asked].sort((a, b) => a - b)[Math.floor(asked.length * 0.99)] ?? Number.NaN;
  for (const [what, value, atMost] of [
    ["GET /status, p99", answer, MOST_ANSWER_MS],
    ["event loop delay, p99", Number(p99), MOST_DELAY_MS],
  ] as const) {
    const title = `${what}, beside ${JOBS} jobs in ${name}`;
    figure({ name: title, ours: `${value.toFixed(1)} ms`, value, unit: "ms", goal: { atMost } });
  }
}

/** A client with an event loop of its own: the time that it measures is the server's alone. */
const CLIENT = `
const { parentPort, workerData: { urls, token, forMs, everyMs } } = require("node:worker_threads");
const { setTimeout: sleep } = require("node:timers/promises");
(async () => {
  const asked = [];
  for (const began = performance.now(); performance.now() - began < forMs; await sleep(everyMs)) {
    const sent = performance.now();
    const response = await fetch(urls[asked.length % urls.length], { headers: { authorization: "Bearer " + token } });
    const { status } = await response.json();
    asked.push(performance.now() - sent);
    if (status !== "PROCESSING" && status !== "WAITING") throw new Error("a job is " + status + " instead of at work");
  }
  parentPort.postMessage(asked);
})();`;

function timesOf(urls: readonly string[], token: string): Promise<readonly number[]> {
  return new Promise((done, fail) => {
    const workerData = { urls, token, forMs: ASK_MS, everyMs: ASK_EVERY_MS };
    new Worker(CLIENT, { eval: true, workerData }).once("message", done).once("error", fail);
  });
}

async function processedBy(mill: Assetmill, ids: readonly string[]): Promise<number> {
  let sum = 0;
  for (const id of ids) sum += (await mill.operator.status(id)).processedCount;
  return sum;
}

function spread(values: readonly number[]): string {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number): string => `${(sorted[Math.floor(sorted.length * share)] ?? 0).toFixed(1)}`;
  return `p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, most ${(sorted.at(-1) ?? 0).toFixed(1)} ms`;
}
