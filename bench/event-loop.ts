import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { createAssetmill } from "../src/index.js";
import { figure } from "./figures.js";

const PER_FOLDER = 500;
/** CPU time that the handler uses per asset. */
const BUSY_MS = 3;
const ASK_EVERY_MS = 25;
/** What the event loop's delay and an answer to GET /status may take, at p99. */
const MOST_DELAY_MS = 20;
const MOST_ANSWER_MS = 50;
/** The case that users get, and that the goals are about. */
const BY_DEFAULT = "threads as by default";

const say = (line: string): void => void process.stdout.write(`${line}\n`);

/**
 * `npm run bench -- event-loop [ASSETS]`: measures event loop delay and the latency of status requests while a CPU-bound
 * handler runs at full speed: in the main thread, in one worker thread, and in one per core.
 */
export async function runEventLoop([assets = "3000"]: readonly string[]): Promise<void> {
  const home = await mkdtemp(join(tmpdir(), "assetmill-bench-"));
  try {
    for (let i = 0; i < Number(assets); i++) {
      const folder = join(home, "tree", String(Math.floor(i / PER_FOLDER)));
      if (i % PER_FOLDER === 0) await mkdir(folder, { recursive: true });
      await writeFile(join(folder, `${i}.dita`), `<topic id="t${i}"><title>${i}</title></topic>`);
    }
    for (const [what, thread, threads] of [
      ["main thread", false, 1],
      ["1 thread", true, 1],
      ["2 threads", true, 2],
      [BY_DEFAULT, true, 0],
    ] as const) {
      await measure(home, what, thread, threads, Number(assets));
    }
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}

async function measure(home: string, what: string, thread: boolean, threads: number, count: number): Promise<void> {
  const name = what.replaceAll(" ", "-");
  const plugin = join(home, `${name}.mjs`);
  await writeFile(
    plugin,
    `export default { name: "busy", version: "1", thread: ${thread}, async process(asset, context) {
       const text = await context.text();
       for (const end = performance.now() + ${BUSY_MS}; performance.now() < end;);
       return { properties: { length: text.length } };
     } };`,
  );
  const mill = await createAssetmill({
    assets: `folder:${join(home, "tree")}?mount=/content/dam`,
    store: `sqlite:${join(home, `${name}.sqlite`)}`,
    plugins: [pathToFileURL(plugin)],
    builtIns: false,
    throttle: false,
    engine: { threads },
  });
  const listener = mill.nodeListener();
  const server = createServer((request, response) => void listener(request, response)).listen(0, "127.0.0.1");
  try {
    const { processingId } = await mill.operator.start({ path: "/content/dam", type: "ASSET_PROCESSING" }, "bench");
    const began = performance.now();
    const delay = monitorEventLoopDelay({ resolution: 1 });
    const asked: number[] = [];
    const port = (server.address() as AddressInfo).port;
    const url = `http://127.0.0.1:${port}/bin/guides/v1/assets/process/status?processingId=${processingId}`;
    delay.enable();
    for (;;) {
      const sent = performance.now();
      const response = await fetch(url, { headers: { authorization: `Bearer ${mill.token}` } });
      const { status } = (await response.json()) as { status?: string };
      asked.push(performance.now() - sent);
      if (status === "SUCCESS") break;
      if (status !== "WAITING" && status !== "PROCESSING") throw new Error(`${what}: ${response.status} ${status}`);
      await sleep(ASK_EVERY_MS);
    }
    delay.disable();
    asked.sort((a, b) => a - b);
    const [p50 = 0, p99 = 0] = [delay.percentile(50), delay.percentile(99)].map((ns) => ns / 1e6);
    const at99 = asked[Math.floor(asked.length * 0.99)] ?? 0;
    say(
      `${what}: ${((count * 1_000) / (performance.now() - began)).toFixed(0)} assets/s; ` +
        `event loop delay ${p50.toFixed(1)} ms (median), ${p99.toFixed(1)} ms (p99); GET /status p99 ${at99.toFixed(0)} ms over ${asked.length} requests`,
    );
    if (what !== BY_DEFAULT) return;
    for (const [name, value, atMost] of [
      ["Event loop delay while a CPU-bound handler runs in threads, p99", p99, MOST_DELAY_MS],
      ["GET /status meanwhile, p99", at99, MOST_ANSWER_MS],
    ] as const) {
      figure({ name, ours: `${value.toFixed(1)} ms`, value, unit: "ms", goal: { atMost } });
    }
  } finally {
    server.closeAllConnections();
    server.close();
    await mill.close();
  }
}
