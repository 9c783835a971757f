import { startPostgres } from "../test/support/postgres-server.js";
import { PostgresDatabase } from "../src/adapters/sql/index.js";
import { SCHEMA } from "../src/composition/databases.js";
import { insertAssets } from "../test/support/million-assets.js";
import { Contender } from "./contenders.js";
import { compare, figure, grouped, type Run } from "./figures.js";
import { sayNotRun } from "./not-run.js";
import { installQueues, type QueueName, QUEUES, runQueue, versionOf } from "./peers.js";
import { type RedisServer, startRedis } from "./redis-server.js";

const ROUNDS = 3;
const WARM_UP = 20_000;
const LIMIT_MS = 120_000;
const GOALS: Readonly<Record<QueueName, number>> = { bullmq: 20, "pg-boss": 40, "graphile-worker": 15 };

/** What one job works on: items that the program makes, as it does for the queues, or assets in the same database. */
const OURS = { "made-up": "made-up assets", unstamped: "assets in PostgreSQL" } as const;
type OurWork = keyof typeof OURS;
const WORKS = Object.keys(OURS) as readonly OurWork[];

/**
 * `npm run bench -- job-per-item [COUNT]`: the rate of one job over this many assets, with jobs in PostgreSQL and a
 * durable outcome for each asset, beside job queues that enqueue and process a durable no-op job for each item, as fast
 * as their documentation allows: BullMQ on Redis (on PostgreSQL if there is no Redis), pg-boss and graphile-worker on
 * the same PostgreSQL.
 */
export async function runJobPerItem([number = "50000"]: readonly string[]): Promise<void> {
  const count = Number(number);
  if (!Number.isInteger(count) || count < 1 || count > 1_000_000) {
    process.stderr.write("npm run bench -- job-per-item [1..1000000]\n");
    process.exitCode = 2;
    return;
  }
  await installQueues();
  const redis = await startRedis().catch((error: unknown) => sayNotRun("BullMQ on Redis", error));
  const postgres = await startPostgres();
  const mills = { "made-up": Contender.of("made-up"), unstamped: Contender.of("unstamped") };
  const ours: Record<OurWork, Run[]> = { "made-up": [], unstamped: [] };
  const queues: Record<QueueName, Run[]> = { bullmq: [], "pg-boss": [], "graphile-worker": [] };
  const inDatabase = async <T>(name: string, work: (url: string) => Promise<T>): Promise<T> => {
    await postgres.query(`create database ${name}`);
    try {
      return await work(postgres.url.replace(/postgres$/, name));
    } finally {
      await postgres.query(`drop database ${name} with (force)`);
    }
  };
  const runMill = (work: OurWork, assets: number): Promise<Run> =>
    inDatabase("mill", async (url) => {
      const database = await PostgresDatabase.open({ url, schema: "mill", poolSize: 4, ...SCHEMA });
      if (work === "unstamped") await insertAssets(database, assets);
      await database.close();
      return mills[work].run({ count: assets, place: `${url}?schema=mill` });
    });
  try {
    for (const work of WORKS) await runMill(work, Math.min(count, WARM_UP));
    for (let i = 0; i < ROUNDS; i++) {
      for (const work of WORKS) ours[work].push(await runMill(work, count));
      for (const name of QUEUES) {
        const onRedis = name === "bullmq" && redis;
        const run = onRedis
          ? await runQueue(name, count, redis.url, LIMIT_MS)
          : await inDatabase("queue", (url) => runQueue(name, count, url, LIMIT_MS));
        queues[name].push(run);
      }
    }
    for (const name of QUEUES) {
      const peer = { name: `${name} ${versionOf(name)} ${serverOf(name, redis)}`, runs: queues[name] };
      for (const work of WORKS) {
        const what = `${grouped(count)} ${OURS[work]} in one job beside a job per item at ${name}`;
        const goal = { atLeast: GOALS[name] };
        figure(compare({ name: what, ours: { name: "assetmill", runs: ours[work] }, peer, goal }));
      }
    }
  } finally {
    for (const work of WORKS) await mills[work].end();
    await redis?.stop();
    await postgres.stop();
  }
}

const serverOf = (name: QueueName, redis: RedisServer | void): string =>
  name === "bullmq" && redis ? `on Redis ${redis.version}` : "on the same PostgreSQL";
