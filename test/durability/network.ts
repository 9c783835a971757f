import { expect } from "chai";
import { setTimeout as sleep } from "node:timers/promises";
import { ended, type KillHarness } from "./kill-harness.js";
import { expectResults, expectWhole } from "./kill-run.js";
import { FAIL_EVERY, type Scenario, withHarness } from "./scene.js";
import { Wire } from "./wire.js";

/** Longer than any request or statement of ours waits for its answer. */
const SILENT_MS = { postgres: 45_000, jcr: 75_000 } as const;
/** What a connection that died costs at most, once the network is there again: its timeout, a lease, a pause. */
const GOES_ON_WITHIN_MS = 75_000;

/** The network between a process and its server is cut, refusing, slow or dead: that costs time and nothing else. */
export const network: Scenario = async ({ mode, kills: wanted }) => {
  if (mode !== "postgres" && mode !== "jcr") return "does not apply to this mode";
  const rounds = Math.max(4, wanted);
  const files = 2_000 + rounds * 600;
  return withHarness({ mode, files, delayMs: 12, failEvery: FAIL_EVERY }, async (harness) => {
    const wire = await Wire.to(Number(harness.place.port));
    harness.through = (uri) => wire.through(uri);
    try {
      const child = harness.startProcess("--chunk-size", "50");
      let alive = true;
      void ended(child).then(() => (alive = false));
      const times = new Map<string, number[]>();
      await goesOn(harness, 0, () => alive);
      for (let round = 0; round < rounds && alive; round++) {
        const [what, deed] = faultOf(round, rounds, SILENT_MS[mode], wire);
        await sleep(Math.random() * 700);
        if (!alive) break;
        await deed();
        const waitedMs = await goesOn(harness, harness.calls().length, () => alive);
        times.set(what, [...(times.get(what) ?? []), waitedMs]);
      }
      expect(await ended(child), harness.said).to.equal(1);
      const [id = "", ...others] = await harness.jobIds();
      expect(others, "other jobs").to.deep.equal([]);
      await expectWhole(harness, id, FAIL_EVERY);
      const repeated = harness.calls().length - files;
      await expectResults(harness, id, FAIL_EVERY);
      const told = [...times].map(
        ([what, waits]) => `${waits.length} times ${what} (continues within ${Math.max(...waits).toFixed(0)} ms)`,
      );
      return `${told.join(", ")}; ${files} assets, ${repeated} handler calls repeated; outcomes, counters, logs and results agree`;
    } finally {
      await harness.kill();
      await wire.close();
    }
  });
};

/** The dead network comes twice, as it lasts long; the others take turns. */
function faultOf(round: number, rounds: number, silentMs: number, wire: Wire): [string, () => Promise<void>] {
  if (round === 0 || round === rounds >> 1) return [`silent for ${silentMs / 1_000} s`, () => wire.silence(silentMs)];
  const deeds: [string, () => Promise<void>][] = [
    ["cut", async () => wire.cut()],
    ["refused", () => wire.refuse(1_000 + Math.random() * 3_000)],
    ["slow", () => wire.slow(5_000, [200, 2_000])],
  ];
  const others = round - (round > rounds >> 1 ? 2 : 1);
  return deeds[others % deeds.length] ?? ["cut", async () => wire.cut()];
}

/** Resolves with how long it took until a handler was called, or the process had ended. */
async function goesOn(harness: KillHarness, than: number, isAlive: () => boolean): Promise<number> {
  const sinceMs = performance.now();
  while (harness.calls().length <= than && isAlive()) {
    const waitedMs = performance.now() - sinceMs;
    expect(waitedMs, `no asset handled: ${harness.said}`).to.be.lessThan(GOES_ON_WITHIN_MS);
    await sleep(50);
  }
  return performance.now() - sinceMs;
}
