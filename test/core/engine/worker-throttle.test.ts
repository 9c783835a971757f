import { expect } from "chai";
import { ENGINE_DEFAULTS } from "../../../src/core/engine/options.js";
import { Worker } from "../../../src/core/engine/worker.js";
import type { Clock } from "../../../src/core/ports/clock.js";
import { discoveredJob, draftOf } from "../../../src/testing/conformance/job-steps.js";
import { entriesOf, pathsOf } from "../../support/builders.js";
import { openSqliteStores } from "../../support/conformance-fixtures.js";
import { engineTools, repositoryOf } from "../../support/engine-tools.js";
import { until } from "../../support/manual-clock.js";

/** Its time runs so many times as fast as the wall's: looks a second apart come ten times a second. */
const FASTER = 10;
const fastClock: Clock = {
  monotonicMs: () => performance.now() * FASTER,
  sleep: (ms, signal) =>
    new Promise((over) => {
      const end = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", end);
        over();
      };
      const timer = setTimeout(end, ms / FASTER);
      if (signal?.aborted) end();
      else signal?.addEventListener("abort", end, { once: true });
    }),
  yield: () => new Promise((turn) => setImmediate(turn)),
};

describe("a worker whose host is unhealthy", () => {
  it("reduces the assets in flight step by step, says why, and returns to full speed once the host is healthy", async () => {
    const stores = await openSqliteStores();
    let heapPercent = 30;
    let inFlight = 0;
    let begun = 0;
    let most = 0;
    const tools = engineTools({
      ...stores,
      repository: repositoryOf({ enlist: async () => {} }),
      health: { start: () => {}, look: () => ({ loopMs: 0, heapPercent }), stop: () => {} },
      handlers: [
        {
          name: "h",
          version: "1",
          process: async () => {
            begun++;
            most = Math.max(most, ++inFlight);
            await new Promise((over) => setTimeout(over, 10));
            inFlight--;
          },
        },
      ],
      // The machine's own trouble is not looked at: it is not what this test is about.
      options: {
        concurrency: 4,
        pollMs: 200,
        throttleLoopMs: 0,
        throttleStoreMs: 0,
        throttleRepositoryMs: 0,
        // On this clock they are a tenth as long, and the store's runs as ever: a chunk given up here for want of a
        // renewal, on a machine that stands still for a second, would be claimed by nobody for ten.
        leaseTtlMs: ENGINE_DEFAULTS.leaseTtlMs * FASTER * 3,
        deadlineMs: ENGINE_DEFAULTS.deadlineMs * FASTER,
      },
    });
    const job = await discoveredJob(stores, 0, {
      draft: draftOf({}, { paths: ["/busy"] }),
      entries: entriesOf(pathsOf(20_000, "/busy")),
      chunkSize: 40,
    });
    const comments = async (): Promise<string | undefined> => (await stores.jobs.get(job.id))?.comments;
    /** Not a while: a busy machine may stand still that long. */
    const moreAssets = async (count: number): Promise<void> => {
      const from = begun;
      await until(`${count} more assets have begun`, () => begun >= from + count, 10_000);
    };
    /** The most in flight at once over the next assets. */
    const mostNow = async (): Promise<number> => {
      // What was in flight already may end.
      await moreAssets(8);
      most = 0;
      await moreAssets(40);
      return most;
    };
    const worker = new Worker({ ...tools, clock: fastClock });
    worker.start();
    try {
      await until("it works", () => most > 0);
      expect(await mostNow()).to.equal(4);
      heapPercent = 95;
      await until("it says why", async () => (await comments())?.endsWith("2 of 4 assets at once") === true, 20_000);
      await until(
        "it goes on down",
        async () => (await comments())?.endsWith("1 of 4 assets at once") === true,
        20_000,
      );
      expect(await comments()).to.equal("slowed down: heap 95 % full; 1 of 4 assets at once");
      expect(await mostNow()).to.equal(1);
      heapPercent = 30;
      await until("it is back at full speed", async () => (await comments()) === "", 30_000);
      expect(await mostNow()).to.equal(4);
      expect((await stores.jobs.get(job.id))?.state.status, "there was work all the time").to.equal("PROCESSING");
    } finally {
      await worker.stop(0);
      await stores.close();
    }
  });
});
