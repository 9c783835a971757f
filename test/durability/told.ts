import { expect } from "chai";
import { setTimeout as sleep } from "node:timers/promises";
import { median, moreCalls } from "./attempts.js";
import { ended, type KillHarness } from "./kill-harness.js";
import { FAIL_EVERY, FINAL, type Scenario, serve, withHarness } from "./scene.js";

/** DESIGN says a second; the rest allows for load on the machine. */
const TOLD_WITHIN_MS = 1_500;
/** From the response to PAUSED or CANCELLED: running handlers have ended and are committed. */
const STANDS_WITHIN_MS = 3_000;

/** Times after the response, one per request. */
class Measured {
  /** When the last handler began. */
  readonly began: number[] = [];
  /** When the last handler's signal fired in the process that did not get the request. */
  readonly told: number[] = [];
  /** When the job had the requested status. */
  readonly stood: number[] = [];
}

const of = (times: readonly number[]): string =>
  `${median(times).toFixed(0)} ms (latest ${Math.max(...times).toFixed(0)})`;

/**
 * A pause or cancel sent to one process stops the handlers of another one within a second: the signal of running handlers
 * fires, and no more begin.
 */
export const told: Scenario = async ({ mode, kills: wanted }) =>
  withHarness({ mode, files: 20_000, delayMs: 40, failEvery: FAIL_EVERY }, async (harness) => {
    const one = await serve(harness);
    const other = await serve(harness);
    const rounds = Math.min(100, wanted);
    const measured = new Measured();
    const started = await one.post("", { path: "/content/dam/kill", type: "ASSET_PROCESSING" });
    const id: string = started.body.processingId;
    for (let round = 0; round < rounds; round++) {
      const before = harness.calls().length;
      if (round > 0) await one.post("/resume", { processingId: id });
      await moreCalls(harness, before);
      await sleep(Math.random() * 300);
      if (FINAL.includes((await one.status(id)).status)) break;
      const [action, becomes] = round === rounds - 1 ? ["cancel", "CANCELLED"] : ["pause", "PAUSED"];
      expect((await other.post(`/${action}`, { processingId: id })).status, action).to.equal(200);
      await measure(harness, measured, Number(one.child.pid), async () => (await one.status(id)).status === becomes);
    }
    for (const { child } of [one, other]) {
      child.kill("SIGTERM");
      await ended(child);
    }
    const outcomes = await harness.outcomes(id);
    expect(new Set(outcomes.map(({ path }) => path)).size, "one outcome each").to.equal(outcomes.length);
    // In some rounds the other process may have had nothing in flight.
    expect(measured.told.length, "times at which its handlers were told").to.be.at.least(Math.ceil(rounds / 2));
    return (
      `${measured.began.length} requests; after the response, the last handler began within ${of(measured.began)}, ` +
      `signals fired in the other process within ${of(measured.told)} (${measured.told.length} times), ` +
      `the status was reached within ${of(measured.stood)}`
    );
  });

/** Observes the job after the response until nothing has happened for long enough. */
async function measure(
  harness: KillHarness,
  measured: Measured,
  pid: number,
  stands: () => Promise<boolean>,
): Promise<void> {
  const answered = { atMs: performance.now(), at: Date.now() };
  const toldBefore = harness.told().length;
  let calls = harness.calls().length;
  let [beganMs, stoodMs] = [0, -1];
  const sinceMs = (): number => performance.now() - answered.atMs;
  for (let quietMs = performance.now(); stoodMs < 0 || performance.now() - quietMs < TOLD_WITHIN_MS; await sleep(20)) {
    if (stoodMs < 0 && (await stands())) stoodMs = sinceMs();
    expect(stoodMs < 0 ? sinceMs() : 0, "not yet what was asked for, ms").to.be.lessThan(STANDS_WITHIN_MS);
    const now = harness.calls().length;
    if (now === calls) continue;
    calls = now;
    quietMs = performance.now();
    beganMs = sinceMs();
    expect(beganMs, "handlers begin after the answer, ms").to.be.lessThan(TOLD_WITHIN_MS);
  }
  measured.began.push(beganMs);
  measured.stood.push(stoodMs);
  const signals = harness
    .told()
    .slice(toldBefore)
    .filter((told) => told.pid === pid);
  if (signals.length === 0) return;
  const toldMs = Math.max(...signals.map(({ at }) => at)) - answered.at;
  expect(toldMs, "a signal fired after the answer, ms").to.be.lessThan(TOLD_WITHIN_MS);
  measured.told.push(toldMs);
}
