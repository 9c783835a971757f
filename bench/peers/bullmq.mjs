import { URL } from "node:url";
import { createPostgresBackend, Queue, setDefaultBackendFactory, Worker } from "bullmq";
import { batches, runPeer } from "./peer.mjs";

/** Its documentation recommends bulk inserts, and a worker with a concurrency of 100 to 300 for fast jobs. */
const CONCURRENCY = 100;

await runPeer(async (count, url) => {
  const { protocol, hostname: host, port } = new URL(url);
  if (protocol === "postgres:") setDefaultBackendFactory(createPostgresBackend);
  const connection =
    protocol === "postgres:"
      ? { connectionString: url, migrate: true }
      : { host, port: Number(port), maxRetriesPerRequest: null };
  const name = `assets-${count}`;
  const queue = new Queue(name, { connection, defaultJobOptions: { removeOnComplete: true } });
  let handled = 0;
  let done;
  const all = new Promise((resolve) => (done = resolve));
  const worker = new Worker(name, async () => {}, { connection, concurrency: CONCURRENCY });
  worker.on("completed", () => ++handled === count && done());
  worker.on("error", (error) => console.error(error));
  worker.on("failed", (_, error) => console.error(error));
  for (const batch of batches(count)) {
    await queue.addBulk(batch.map((i) => ({ name: "asset", data: { path: `/content/dam/asset-${i}.dita` } })));
  }
  await all;
  const left = await queue.getJobCountByTypes("waiting", "active", "failed", "delayed");
  await worker.close();
  await queue.close();
  return handled - left;
});
