import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { FOLDERS, GOOD, type Recipe, writeFolder } from "./hostile-files.js";

const MAIN = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
const ASK_EVERY_MS = 10;
/** A server that does nothing: what it takes to answer is the machine's doing. */
const IDLE_SERVER = "require('node:http').createServer((_, response) => response.end('ok')).listen(+process.argv[1])";

const say = (line: string): void => void process.stdout.write(`${line}\n`);

/**
 * `npm run bench -- hostile [WORD] [FILE]`: lets `assetmill serve` process documents that are made to hurt, one folder
 * of them at a time, or only the folders whose name has WORD in it, and of them only the files whose name has FILE in
 * it. Asks `/healthz` all the while, from this process. Prints the longest wait for an answer, and that of a server
 * beside it that does nothing; the peak of the server's memory (VmHWM), the lines of the log, and how the assets ended.
 */
export async function runHostile([word = "", file = ""]: readonly string[]): Promise<void> {
  for (const [what, recipes] of Object.entries(FOLDERS)) {
    if (!what.includes(word)) continue;
    await measure(
      what,
      recipes.filter(({ name }) => name.includes(file)),
    );
  }
}

async function measure(what: string, recipes: readonly Recipe[]): Promise<void> {
  const home = await mkdtemp(join(tmpdir(), "assetmill-bench-"));
  const [port, idlePort] = [await freePort(), await freePort()];
  await writeFolder(join(home, "tree"), recipes);
  const flags = ["--assets", `folder:${home}/tree?mount=/content/dam`, "--store", `sqlite:${home}/jobs.sqlite`];
  const server = execa(
    process.execPath,
    [MAIN, "serve", ...flags, "--port", String(port), "--auth", "none", "--deadline", "300"],
    {
      reject: false,
      all: true,
    },
  );
  const idleServer = execa(process.execPath, ["-e", IDLE_SERVER, String(idlePort)], { reject: false });
  const sampling = new AbortController();
  try {
    const origin = `http://127.0.0.1:${port}`;
    const base = `${origin}/bin/guides/v1/assets/process`;
    let isOver = false;
    void server.then(() => {
      isOver = true;
    });
    const call = async (url: string, init: RequestInit = {}): Promise<Record<string, unknown>> => {
      while (!isOver) {
        const answer = await fetch(url, { ...init, headers: { "content-type": "application/json" } }).catch(
          () => undefined,
        );
        if (answer) return answer.json() as never;
      }
      throw new Error(`serve died: ${((await server).all ?? "").slice(-300)}`);
    };
    for (let i = 0; !(await isUp(origin)); i++) {
      if (i > 300) throw new Error(`serve does not answer: ${(await server).all}`);
      await sleep(50);
    }
    const waits: number[] = [];
    const idleWaits: number[] = [];
    const sampled = Promise.all([
      sample(`${origin}/healthz`, waits, sampling.signal),
      sample(`http://127.0.0.1:${idlePort}/`, idleWaits, sampling.signal),
    ]);
    const idleHwm = await highWater(server.pid);
    await sleep(1_000);
    for (const list of [waits, idleWaits]) list.length = 0;
    const began = performance.now();
    const body = JSON.stringify({ path: "/content/dam", type: "ASSET_PROCESSING" });
    const { processingId } = await call(base, { method: "POST", body });
    let status: Record<string, unknown>;
    do {
      await sleep(250);
      status = await call(`${base}/status?processingId=${String(processingId)}`);
    } while (status.status === "WAITING" || status.status === "PROCESSING");
    const tookMs = performance.now() - began;
    sampling.abort();
    await sampled;
    const said = (list: number[]): string => {
      list.sort((a, b) => a - b);
      const [worst, p99] = [1, 0.99].map((share) => (list[Math.floor((list.length - 1) * share)] ?? 0).toFixed(0));
      return `worst ${worst} ms, p99 ${p99} ms of ${list.length}`;
    };
    const peak = await highWater(server.pid);
    const { outcomes, lines } = await report(base, String(processingId), call);
    const good = [...outcomes].filter(([path, outcome]) => path.includes("/good-") && outcome === "SUCCEEDED").length;
    const others = [...outcomes].filter(([path]) => !path.includes("/good-"));
    say(`${what}: ${String(status.status)} in ${(tookMs / 1_000).toFixed(1)} s`);
    say(`  /healthz: ${said(waits)}; the idle server: ${said(idleWaits)}`);
    say(`  peak ${peak} MB (idle ${idleHwm} MB); ${lines} log lines; ${good} of ${GOOD} good files SUCCEEDED`);
    for (const [path, outcome] of others) say(`  ${path.slice(path.lastIndexOf("/") + 1)}: ${outcome}`);
  } catch (error) {
    say(`${what}: ${error instanceof Error ? error.message : String(error)}`);
  } finally {
    sampling.abort();
    server.kill("SIGKILL");
    idleServer.kill("SIGKILL");
    await Promise.all([server, idleServer]);
    await rm(home, { recursive: true, force: true });
  }
}

async function report(
  base: string,
  id: string,
  call: (url: string) => Promise<Record<string, unknown>>,
): Promise<{ outcomes: ReadonlyMap<string, string>; lines: number }> {
  const { outcomes } = (await call(`${base}/outcomes?processingId=${id}&limit=1000`)) as {
    outcomes?: readonly { path: string; outcome: string; code?: string; message?: string }[];
  };
  const last = (await call(`${base}/logs?processingId=${id}&tail=1`)) as { offset?: number };
  const shown = (outcomes ?? []).map(
    ({ path, outcome, code, message }) =>
      [path, code === undefined ? outcome : `${outcome} ${code} ${(message ?? "").slice(0, 100)}`] as const,
  );
  return { outcomes: new Map(shown), lines: (last.offset ?? Number.NaN) + 1 };
}

async function sample(url: string, waits: number[], signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const asked = performance.now();
    // A connection that was reset in a long silence: the next one counts from the first.
    while (
      !signal.aborted &&
      !(await fetch(url)
        .then((answer) => answer.text())
        .catch(() => undefined))
    );
    waits.push(performance.now() - asked);
    await sleep(ASK_EVERY_MS);
  }
}

async function highWater(pid: number | undefined): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return Math.round(Number(/VmHWM:\s+(\d+)/.exec(status)?.[1]) / 1_000);
}

const isUp = (origin: string): Promise<boolean> =>
  fetch(`${origin}/healthz`).then(
    ({ ok }) => ok,
    () => false,
  );

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((listening) => server.once("listening", listening));
  const { port } = server.address() as AddressInfo;
  await new Promise((closed) => server.close(closed));
  return port;
}
