import { expect } from "chai";
import { setTimeout as sleep } from "node:timers/promises";
import { ended, type KillHarness } from "./kill-harness.js";
import { FAIL_EVERY, FINAL, type Scenario, serve, withHarness } from "./scene.js";
import { lineOf, Tables } from "./tables.js";

const ROOT = "/content/dam/kill";
const ASK_WITHIN_MS = 1_000;
/** One job has half of all lines; the others have so many each. */
const SMALL_LINES = 1_000;
const KEPT = 20;
/** Of a lease of 10 s that is renewed every 3 s: less than this left means that a renewal was missed. */
const LEAST_LEASE_MS = 3_500;

/** A store with millions of log lines of other jobs slows down neither requests nor the job. */
export const hugeLog: Scenario = async ({ mode, kills: size }) => {
  if (mode !== "sqlite" && mode !== "postgres") return "does not apply to this mode";
  const all = Math.min(2_000_000, size * 100_000);
  return withHarness({ mode, files: 20_000, delayMs: 4, failEvery: FAIL_EVERY }, async (harness) => {
    const tables = await Tables.open(harness.place);
    try {
      const { id, count } = await fill(harness, tables, all);
      const page = await ask(harness, tables, { id, lines: all / 2, count: count - 1 });
      const gone = await retain(harness, tables, count);
      return `${all} lines of ${count} jobs; ${page}; ${gone}`;
    } finally {
      await tables.close();
    }
  });
};

/** Other jobs, as many as it takes. */
async function fill(harness: KillHarness, tables: Tables, all: number): Promise<{ id: string; count: number }> {
  await harness.run(["process", `${ROOT}/f0000`, "--assets", harness.place.assets]);
  const [like = ""] = await harness.jobIds();
  const count = all / 2 / SMALL_LINES;
  // The oldest, so that it is not among those that are kept.
  await tables.addJob(like, "huge", all / 2);
  for (let i = 0; i < count; i++) await tables.addJob(like, `other-${i}`, SMALL_LINES);
  return { id: "huge", count: count + 1 };
}

/** Asks while a job runs flat out: none slow, none wrong. */
async function ask(
  harness: KillHarness,
  tables: Tables,
  { id: huge, lines, count }: { id: string; lines: number; count: number },
): Promise<string> {
  const { child, api, post, status } = await serve(harness);
  const started = await post("", { path: ROOT, type: "ASSET_PROCESSING" });
  const id: string = started.body.processingId;
  const asking = new Asking(api);
  const leastMs = await watchLeases(tables, async () => {
    while (!FINAL.includes((await status(id)).status)) {
      const offset = Math.floor(Math.random() * (lines - 500));
      const page = await asking.get(`logs?processingId=${huge}&offset=${offset}&limit=500`);
      expect(page.lines.length).to.equal(500);
      for (const i of [0, 250, 499]) expect(page.lines[i], `line ${offset + i}`).to.equal(lineOf(huge, offset + i));
      const tail = await asking.get(`logs?processingId=${huge}&tail=500`);
      expect([tail.lines.length, tail.offset, tail.lines.at(-1)]).to.deep.equal([
        500,
        lines - 500,
        lineOf(huge, lines - 1),
      ]);
      await asking.get(`logs?processingId=${id}&tail=100`);
      await asking.get(`status?processingId=${id}`);
      const history = await asking.get(
        `history?limit=20&before=other-${20 + Math.floor(Math.random() * (count - 20))}`,
      );
      expect(history.executionHistory.length).to.equal(20);
      await sleep(50);
    }
  });
  await expectDone(harness, id, leastMs);
  child.kill("SIGTERM");
  await ended(child);
  return `${asking.summary()}, at least ${leastMs} ms left on every lease`;
}

/** Old jobs are deleted beside one that runs: it does not notice. */
async function retain(harness: KillHarness, tables: Tables, before: number): Promise<string> {
  const called = harness.calls().length;
  const { child, api, post, status } = await serve(harness, "--retain-jobs", String(KEPT));
  const started = await post("", { path: ROOT, type: "ASSET_PROCESSING" });
  const id: string = started.body.processingId;
  const startedMs = performance.now();
  const asking = new Asking(api);
  let goneMs = 0;
  let [handled, handledMs, longestMs] = [0, performance.now(), 0];
  const left = async (): Promise<number> =>
    Number((await tables.query("select count(*) as n from assetmill_job where status <> 'PROCESSING'"))[0]?.n);
  let running = true;
  const leastMs = await watchLeases(tables, async () => {
    for (const endMs = performance.now() + 300_000; running || goneMs === 0; await sleep(50)) {
      if (performance.now() > endMs)
        throw new Error(`retention has left ${await left()} of ${before} jobs after 300 s: ${harness.said}`);
      if (running) running = !FINAL.includes((await status(id)).status);
      if (goneMs === 0 && (await left()) <= KEPT + 1) goneMs = performance.now() - startedMs;
      await asking.get(`logs?processingId=${id}&tail=100`);
      await asking.get("history?limit=20");
      const calls = harness.calls().length - called;
      const nowMs = performance.now();
      // From one look at which more was handled to the next such: never less than it was.
      if (running && handled > 0) longestMs = Math.max(longestMs, nowMs - handledMs);
      if (calls > handled) [handled, handledMs] = [calls, nowMs];
    }
  });
  await expectDone(harness, id, leastMs);
  expect(harness.calls().length - called, "handled once each").to.equal(harness.files);
  expect(longestMs, "nothing handled for, ms").to.be.lessThan(5_000);
  child.kill("SIGTERM");
  await ended(child);
  const blocks = Number(
    (await tables.query("select count(*) as n from assetmill_log_block where job_id = 'huge'"))[0]?.n,
  );
  expect(blocks, "blocks of a deleted log").to.equal(0);
  return `all but ${KEPT} deleted in ${(goneMs / 1_000).toFixed(1)} s during a job, ${asking.summary()}, longest pause between assets ${longestMs.toFixed(0)} ms, at least ${leastMs} ms left on every lease`;
}

async function expectDone(harness: KillHarness, id: string, leastMs: number): Promise<void> {
  const now = await harness.status(id);
  const failedCount = harness.failing(FAIL_EVERY);
  expect(now).to.include({ status: "SUCCESS", failedCount, succeededCount: harness.files - failedCount, attempt: 1 });
  const lines = await harness.logs(id);
  expect(lines.map(({ line }) => line)).to.deep.equal(lines.map((_, i) => i));
  expect(leastMs, "least of a lease left, ms: a renewal was missed").to.be.greaterThan(LEAST_LEASE_MS);
}

/** What is left of the leases, looked at while something else is done: the least that was seen. */
async function watchLeases(tables: Tables, work: () => Promise<void>): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  let over = false;
  const watching = (async () => {
    for (; !over; await sleep(100)) {
      const [row] = await tables.query("select min(until_ms) as until from assetmill_lease where state = 'LEASED'");
      if (row?.until != null) least = Math.min(least, Number(row.until) - Date.now());
    }
  })();
  try {
    await work();
  } finally {
    over = true;
    await watching;
  }
  return least;
}

/** Requests, and how long they took. */
class Asking {
  readonly #times: number[] = [];
  readonly #api: string;

  constructor(api: string) {
    this.#api = api;
  }

  async get(path: string): Promise<any> {
    const sentMs = performance.now();
    const response = await fetch(`${this.#api}/${path}`);
    const body = await response.json();
    const tookMs = performance.now() - sentMs;
    this.#times.push(tookMs);
    expect(response.status, `${path}: ${JSON.stringify(body)}`).to.equal(200);
    expect(tookMs, `${path}, ms`).to.be.lessThan(ASK_WITHIN_MS);
    return body;
  }

  summary(): string {
    const times = [...this.#times].sort((a, b) => a - b);
    const p99 = times[Math.floor(times.length * 0.99)] ?? 0;
    return `${times.length} requests, p99 ${p99.toFixed(0)} ms, slowest ${(times.at(-1) ?? 0).toFixed(0)} ms`;
  }
}
