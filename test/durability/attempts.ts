import { expect } from "chai";
import { setTimeout as sleep } from "node:timers/promises";
import { ended, type KillHarness } from "./kill-harness.js";
import { expectWhole, waitForEnd } from "./kill-run.js";
import { FAIL_EVERY, FINAL, type Scenario, serve, withHarness } from "./scene.js";

const ROOT = "/content/dam/kill";
export const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;

export async function moreCalls(harness: KillHarness, than: number): Promise<void> {
  for (const endMs = performance.now() + 30_000; harness.calls().length <= than; await sleep(10)) {
    if (performance.now() > endMs) throw new Error(`no asset handled for 30 s: ${harness.said}`);
  }
}

/** SIGTERM at random moments: running handlers finish and are committed, so no asset is handled twice. */
export const sigterm: Scenario = async ({ mode, kills: wanted }) => {
  const files = Math.max(2_000, wanted * 400);
  return withHarness({ mode, files, delayMs: 12, failEvery: FAIL_EVERY }, async (harness) => {
    const times: number[] = [];
    for (let round = 0; round < wanted; round++) {
      const before = harness.calls().length;
      const child = harness.startProcess("--chunk-size", "50");
      await moreCalls(harness, before);
      await sleep(Math.random() * 500);
      const sentMs = performance.now();
      child.kill("SIGTERM");
      const code = await ended(child);
      times.push(performance.now() - sentMs);
      if (code !== 143) break;
    }
    harness.startProcess("--chunk-size", "50");
    const id = await waitForEnd(harness);
    await expectWhole(harness, id, FAIL_EVERY);
    const repeated = harness.calls().length - files;
    expect(repeated, "calls repeated").to.equal(0);
    return `${times.length} times; exited after ${median(times).toFixed(0)} ms (slowest ${Math.max(...times).toFixed(0)}); no handler call repeated; outcomes, counters and logs agree`;
  });
};

/** Exceeding maxFailures ends the attempt and keeps the report; each resume continues after it. */
export const maxFailures: Scenario = async ({ mode }) =>
  withHarness({ mode, files: 2_000, delayMs: 1, failEvery: FAIL_EVERY }, async (harness) => {
    const { child, post, status } = await serve(harness);
    const started = await post("", { path: ROOT, type: "ASSET_PROCESSING", maxFailures: 4 });
    const id: string = started.body.processingId;
    let attempts = 1;
    for (let failed = 0; ; attempts++) {
      let now = await status(id);
      for (const endMs = performance.now() + 60_000; !FINAL.includes(now.status); now = await status(id)) {
        if (performance.now() > endMs) throw new Error(`the job hangs: ${JSON.stringify(now)}`);
        await sleep(20);
      }
      if (now.status === "SUCCESS") break;
      expect(now.status).to.equal("FAILURE");
      expect(now.comments).to.match(/assets failed, more than 4/);
      expect(now.failedCount - failed, "failures of the attempt").to.be.greaterThan(4);
      expect((await harness.failures(id)).length, "the report stays").to.equal(now.failedCount);
      failed = now.failedCount;
      expect((await post("/resume", { processingId: id })).status).to.equal(200);
    }
    child.kill("SIGTERM");
    await ended(child);
    expect(attempts).to.be.greaterThan(1);
    const outcomes = await harness.outcomes(id);
    expect(new Set(outcomes.map(({ path }) => path)).size).to.equal(2_000);
    expect((await harness.failures(id)).length).to.equal(harness.failing(FAIL_EVERY));
    return `${attempts} attempts, ${harness.failing(FAIL_EVERY)} failures, one outcome per asset, ${harness.calls().length - 2_000} handler calls repeated`;
  });
