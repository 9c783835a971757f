import { expect } from "chai";
import { setTimeout as sleep } from "node:timers/promises";
import { systemClock } from "../../../src/adapters/runtime/index.js";
import { Worker } from "../../../src/core/engine/worker.js";
import type { Job } from "../../../src/core/job/job.js";
import { sumOf } from "../../../src/core/job/tally.js";
import { discoveredJob, draftAt } from "../../../src/testing/conformance/job-steps.js";
import { entriesOf, pathsOf } from "../../support/builders.js";
import { openMemoryStores } from "../../support/conformance-fixtures.js";
import { engineTools, repositoryOf } from "../../support/engine-tools.js";
import { until } from "../../support/manual-clock.js";

describe("a worker with several jobs", () => {
  for (const [priority, shareOfBig] of [
    [5, 4],
    [0, 2],
  ] as const) {
    it(`does a small job of priority ${priority} beside a big one of priority 5, whose chunks it holds already`, async () => {
      const { stores, worker, job } = await plot();
      const big = await job("/big", 4_000, 500);
      worker.start();
      await until("the big job is at work", async () => (await processed(big.id)) > 0);
      const before = await processed(big.id);
      const small = await job("/small", 200, 100, priority);
      worker.wake();
      await until("the small job has ended", async () => (await status(small.id)) === "SUCCESS");
      // Commits come every 2 s at the latest: what the big job had in flight may show up now.
      expect((await processed(big.id)) - before).to.be.lessThan(1_000 + shareOfBig * 200);
      await worker.stop(0);

      async function processed(id: string): Promise<number> {
        const counts = sumOf((await stores.jobs.get(id))?.tally ?? { types: {}, skips: {} });
        return counts.succeeded + counts.failed + counts.skipped;
      }
      async function status(id: string): Promise<string | undefined> {
        return (await stores.jobs.get(id))?.state.status;
      }
    });
  }

  it("works on many jobs with long chunks in turn, and handles no asset twice", async () => {
    const { stores, worker, job, handled } = await plot({ concurrency: 2, assetMs: 10 });
    const jobs: Job[] = [];
    for (let i = 0; i < 6; i++) jobs.push(await job(`/${i}`, 150, 150));
    worker.start();
    const roots = new Set<string>();
    await until("each job is at work", () => {
      for (const path of handled) roots.add(path.split("/")[1] ?? "");
      return roots.size === jobs.length;
    });
    const states = await Promise.all(jobs.map(({ id }) => stores.jobs.get(id)));
    expect(states.filter((one) => one?.state.status === "SUCCESS").length, "long before they end").to.be.lessThan(4);
    await until("all have ended", async () => {
      const all = await Promise.all(jobs.map(({ id }) => stores.jobs.get(id)));
      return all.every((one) => one?.state.status === "SUCCESS");
    });
    expect(handled.length).to.equal(new Set(handled).size);
    await worker.stop(0);
  });
});

async function plot({ concurrency = 4, assetMs = 5 } = {}) {
  const stores = await openMemoryStores();
  const handled: string[] = [];
  const tools = engineTools({
    ...stores,
    repository: repositoryOf({ enlist: async () => {} }),
    handlers: [
      {
        name: "h",
        version: "1",
        process: async (asset) => {
          handled.push(asset.path);
          await sleep(assetMs);
        },
      },
    ],
    options: { concurrency, pollMs: 100 },
  });
  const job = (root: string, assets: number, chunkSize: number, priority = 5) =>
    discoveredJob(stores, 0, {
      draft: draftAt(root, { priority }),
      entries: entriesOf(pathsOf(assets, root)),
      chunkSize,
    });
  return { stores, worker: new Worker({ ...tools, clock: systemClock }), job, handled };
}
