import { Logger, makeWorkerUtils, run } from "graphile-worker";
import pg from "pg";
import { batches, runPeer } from "./peer.mjs";

/** What its documentation names for throughput: a local queue, and completions in batches. */
const worker = {
  concurrentJobs: 50,
  maxPoolSize: 20,
  localQueue: { size: 1_000 },
  completeJobBatchDelay: 0,
  failJobBatchDelay: 0,
  logger: new Logger(() => () => {}),
};

await runPeer(async (count, url) => {
  const schema = `graphile_${count}`;
  const preset = { worker: { ...worker, connectionString: url, schema } };
  const utils = await makeWorkerUtils({ preset });
  await utils.migrate();
  let handled = 0;
  let done;
  const all = new Promise((resolve) => (done = resolve));
  const asset = async () => void (++handled === count && done());
  const runner = await run({ preset, taskList: { asset }, noHandleSignals: true });
  for (const batch of batches(count)) {
    await utils.addJobs(batch.map((i) => ({ identifier: "asset", payload: { path: `/content/dam/asset-${i}.dita` } })));
  }
  await all;
  // Stopping also stores the last completions.
  await runner.stop();
  await utils.release();
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query(`select count(*)::integer as left from ${schema}._private_jobs`);
  await client.end();
  return handled - rows[0].left;
});
