import { expect } from "chai";
import { setTimeout as sleep } from "node:timers/promises";
import { freeze } from "./freeze.js";
import { ended } from "./kill-harness.js";
import { expectWhole } from "./kill-run.js";
import { FAIL_EVERY, type Scenario, withHarness } from "./scene.js";
import { Tables } from "./tables.js";

interface HeldChunk {
  readonly job_id: string;
  readonly chunk: number;
  readonly epoch: number;
}

const HELD = "select job_id, chunk, epoch from assetmill_lease where chunk > 0 and state = 'LEASED'";

/**
 * A worker is stopped until its leases expire and another takes over. Once continued, it commits nothing of the chunks that it
 * lost, and its handlers are told to stop.
 */
export const frozen: Scenario = async ({ mode }) =>
  withHarness({ mode, files: 1_000, delayMs: 400, failEvery: FAIL_EVERY }, async (harness) => {
    const tables = await Tables.open(harness.place);
    try {
      const first = harness.startProcess("--chunk-size", "20", "--concurrency", "16");
      while (harness.calls().length < 40) await sleep(20);
      await freeze((name) => first.kill(name), harness.place.store);
      const held = (await tables.query(HELD)) as readonly HeldChunk[];
      // A stopped process is alive, so its leases have to expire.
      const other = harness.startProcess("--chunk-size", "20", "--concurrency", "16");
      const repeats = (): number => {
        const calls = harness.calls();
        return calls.length - new Set(calls).size;
      };
      for (const endMs = performance.now() + 60_000; repeats() === 0 && performance.now() < endMs;) await sleep(100);
      expect(repeats(), "taken over").to.be.greaterThan(0);
      const lost: HeldChunk[] = [];
      for (const one of held) {
        const [row] = await tables.query("select epoch from assetmill_lease where job_id = ? and chunk = ?", [
          one.job_id,
          one.chunk,
        ]);
        if (row.epoch > one.epoch) lost.push(one);
      }
      expect(lost.length, "chunks that it lost").to.be.greaterThan(0);
      const before = await partsOf(tables, lost);
      const continued = Date.now();
      first.kill("SIGCONT");
      const codes = [await ended(first), await ended(other)];
      expect(await partsOf(tables, lost), "what it had stored of them, and no more").to.equal(before);
      const told = harness.told().filter(({ pid, at }) => pid === first.pid && at >= continued - 50);
      expect(told.length, "handlers that were told to stop").to.be.greaterThan(0);
      const toldMs = Math.max(...told.map(({ at }) => at)) - continued;
      expect(toldMs, "told after it was continued, ms").to.be.lessThan(2_000);
      const [id = ""] = await harness.jobIds();
      await expectWhole(harness, id, FAIL_EVERY);
      return `both exited (${codes.join(", ")}), ${repeats()} handler calls repeated after the leases expired, ${lost.length} chunks lost and nothing of them stored, ${told.length} handlers told to stop within ${toldMs} ms, one outcome per asset`;
    } finally {
      await tables.close();
    }
  });

/** How many parts are stored under the epochs of these leases. */
async function partsOf(tables: Tables, leases: readonly HeldChunk[]): Promise<number> {
  let parts = 0;
  for (const { job_id, chunk, epoch } of leases) {
    const [row] = await tables.query(
      "select count(*) as n from assetmill_outcome_part where job_id = ? and chunk = ? and epoch = ?",
      [job_id, chunk, epoch],
    );
    parts += Number(row.n);
  }
  return parts;
}
