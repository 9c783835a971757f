import PgBoss from "pg-boss";
import { BATCH, batches, runPeer } from "./peer.mjs";

const QUEUE = "assets";

/** Fetches and completes batches: faster than its `work`, which polls twice a second at most. */
await runPeer(async (count, url) => {
  const boss = new PgBoss({ connectionString: url, schema: `boss_${count}`, supervise: false, schedule: false });
  boss.on("error", (error) => console.error(error));
  await boss.start();
  await boss.createQueue(QUEUE);
  let inserted = 0;
  let handled = 0;
  const insert = async () => {
    for (const batch of batches(count)) {
      await boss.insert(batch.map((i) => ({ name: QUEUE, data: { path: `/content/dam/asset-${i}.dita` } })));
      inserted += batch.length;
    }
  };
  const process = async () => {
    while (handled < count) {
      const jobs = await boss.fetch(QUEUE, { batchSize: BATCH });
      if (jobs.length === 0) {
        if (inserted === count) return;
        continue;
      }
      await boss.complete(
        QUEUE,
        jobs.map(({ id }) => id),
      );
      handled += jobs.length;
    }
  };
  await Promise.all([insert(), process()]);
  const left = await boss.getQueueSize(QUEUE, { before: "completed" });
  await boss.stop({ graceful: false });
  return handled - left;
});
