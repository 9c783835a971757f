import { expect } from "chai";
import { systemClock } from "../../../src/adapters/runtime/index.js";
import { Worker } from "../../../src/core/engine/worker.js";
import type { Job } from "../../../src/core/job/job.js";
import {
  claimChunks,
  claimDiscovery,
  discoveredJob,
  draftOf,
  pageOf,
} from "../../../src/testing/conformance/job-steps.js";
import { entriesOf, pathsOf } from "../../support/builders.js";
import { openMemoryStores } from "../../support/conformance-fixtures.js";
import { engineTools, repositoryOf } from "../../support/engine-tools.js";
import { until } from "../../support/manual-clock.js";

describe("a worker that always has work", () => {
  it("makes way for a careful chunk: runs it alone, one asset at a time, then continues with the rest", async () => {
    const stores = await openMemoryStores();
    const inFlight = new Set<string>();
    const beside: string[] = [];
    const order: string[] = [];
    const tools = engineTools({
      ...stores,
      repository: repositoryOf({ enlist: async () => {} }),
      handlers: [
        {
          name: "h",
          version: "1",
          process: async (asset) => {
            inFlight.add(asset.path);
            order.push(asset.path);
            if ([...inFlight].some((path) => path.startsWith("/care"))) {
              for (const other of inFlight) if (!other.startsWith("/care")) beside.push(other);
              if (inFlight.size > 1) beside.push(asset.path);
            }
            await new Promise((over) => setTimeout(over, 20));
            inFlight.delete(asset.path);
          },
        },
      ],
      options: { concurrency: 4, pollMs: 20 },
    });
    const busy = await discoveredJob(stores, 0, {
      draft: draftOf({}, { paths: ["/busy"] }),
      entries: entriesOf(pathsOf(4_000, "/busy")),
      chunkSize: 40,
    });
    const worker = new Worker({ ...tools, clock: systemClock });
    worker.start();
    await until("it works", () => order.length > 50);
    const care = await careful();
    await until("the careful chunk is done", async () => (await status(care)) === "SUCCESS", 25_000);
    const { tally } = (await stores.jobs.get(busy.id)) as Job;
    expect(tally.types.DITATOPIC?.succeeded, "there was other work all the time").to.be.lessThan(4_000);
    expect(beside, "at work beside the careful chunk").to.deep.equal([]);
    const before = order.length;
    await until("it goes on with the rest", () => order.length > before + 50);
    await worker.stop(0);

    async function status(job: Job): Promise<string | undefined> {
      return (await stores.jobs.get(job.id))?.state.status;
    }

    /** A job whose one chunk has lost two owners before the worker can take it: each held it until the next one came. */
    async function careful(): Promise<Job> {
      const draft = draftOf({}, { paths: ["/care"] });
      const creating = stores.jobs.create(draft, async () => {});
      const discovery = await claimDiscovery(stores, draft);
      const job = await creating;
      const page = pageOf(discovery, entriesOf(pathsOf(5, "/care")));
      const adding = stores.chunks.addPage(discovery.lease, page);
      // In the same turn: the worker, which asks now and then, does not come between.
      const lives = [0, 1, 2].map(() => claimChunks(stores, job, { owner: "other", isKnownDead: () => true }));
      await adding;
      const claims = await Promise.all(lives);
      expect(claims.map(({ length }) => length)).to.deep.equal([1, 1, 0]);
      return job;
    }
  });
});
