import { deepStrictEqual } from "node:assert/strict";
import { info } from "../../core/job/log-entry.js";
import type { Job } from "../../core/job/job.js";
import { sumOf } from "../../core/job/tally.js";
import { assetOf, failedWith, pageOf, partOf, pathsOf, SUCCEEDED } from "./job-steps.js";
import type { Stores, StoreScene } from "./store-scene.js";
import type { Guarantee } from "./suite.js";

const endLines = async (scene: StoreScene, job: Job): Promise<number> =>
  (await scene.lines(job)).filter((line) => line.includes("] Ended ")).length;

/** Works on a job like a node until the job has ended, committing every chunk in two parts. */
async function work(stores: Stores, scene: StoreScene, job: Job, owner: string): Promise<void> {
  const endMs = performance.now() + 15_000;
  while ((await stores.jobs.get(job.id))?.state.status === "PROCESSING") {
    if (performance.now() > endMs) throw new Error("the job does not end");
    // It holds nothing now, so it gets careful chunks, too.
    for (const chunk of await scene.claim(job, { owner, chunks: 3, alone: true }, stores)) {
      const [half, rest] = [chunk.open.slice(0, 2), chunk.open.slice(2)];
      await stores.chunks.commit([partOf(chunk, { indices: half, closes: false, lines: [info(`half ${owner}`)] })]);
      const outcome = (_asset: unknown, i: number) => (i === 3 ? failedWith("X") : SUCCEEDED);
      await stores.chunks.commit([partOf(chunk, { part: 1, indices: rest, closes: true, outcome })]);
    }
  }
}

export const RACE_GUARANTEES: readonly Guarantee<StoreScene>[] = [
  {
    guarantee: "when two last commits race, on two nodes, exactly one finishes the job",
    async check(scene) {
      const other = await scene.another();
      for (let round = 0; round < 5; round++) {
        const job = await scene.discovered(20);
        const [a, b] = await scene.twoChunks(job);
        await Promise.all([scene.chunks.commit([partOf(a)]), other.chunks.commit([partOf(b)])]);
        const { state, openChunks } = await scene.now(job);
        deepStrictEqual([state.status, openChunks, await endLines(scene, job)], ["SUCCESS", 0, 1]);
      }
    },
  },
  {
    guarantee: "when the last commit and the last page of discovery race, exactly one finishes the job",
    async check(scene) {
      const other = await scene.another();
      for (let round = 0; round < 5; round++) {
        const job = await scene.create();
        const discovery = await scene.discovery(job);
        const entries = pathsOf(5).map((path) => ({ asset: assetOf(path) }));
        await scene.chunks.addPage(discovery.lease, pageOf(discovery, entries, { complete: false }));
        const chunk = await scene.oneChunk(job);
        await Promise.all([
          scene.chunks.commit([partOf(chunk)]),
          other.chunks.addPage(discovery.lease, pageOf({ part: 1, nextChunk: 2 }, [])),
        ]);
        deepStrictEqual([await scene.status(job), await endLines(scene, job)], ["SUCCESS", 1]);
      }
    },
  },
  {
    guarantee: "when a cancel and the last commit race, the job ends once, as the first of them decides",
    async check(scene) {
      const other = await scene.another();
      for (let round = 0; round < 5; round++) {
        const job = await scene.discovered(10);
        const chunk = await scene.oneChunk(job);
        const [cancelled, [answer]] = await Promise.all([
          scene.stop(job, "cancel").then(
            () => true,
            () => false,
          ),
          other.chunks.commit([partOf(chunk)]),
        ]);
        deepStrictEqual(answer?.end, "committed");
        deepStrictEqual(await scene.status(job), cancelled ? "CANCELLED" : "SUCCESS");
        deepStrictEqual(await endLines(scene, job), 1);
      }
    },
  },
  {
    guarantee: "nodes see each other's commits at once",
    async check(scene) {
      const other = await scene.another();
      const job = await scene.discovered(30);
      const theirs = await scene.oneChunk(job, { owner: "node-2" }, other);
      await other.chunks.commit([partOf(theirs, { lines: [info("from afar")] })]);
      deepStrictEqual(sumOf((await scene.now(job)).tally).succeeded, 10);
      deepStrictEqual((await scene.lines(job)).at(-1)?.endsWith("from afar"), true);
      deepStrictEqual(await scene.outcomePaths(job), pathsOf(10));
      deepStrictEqual((await scene.claim(job)).length, 2);
    },
  },
  {
    guarantee: "four workers on two nodes run a job to its end while it is discovered: every asset once, one end",
    async check(scene) {
      const other = await scene.another();
      const job = await scene.create();
      const discovery = await scene.discovery(job);
      const discovering = async (): Promise<void> => {
        for (let part = 0; part < 20; part++) {
          const entries = pathsOf(400)
            .slice(part * 20, part * 20 + 20)
            .map((path, i) => ({ asset: assetOf(path), ...(i === 7 ? { skip: "SUB_ASSET" as const } : {}) }));
          const page = pageOf({ part, nextChunk: 1 + part * 4 }, entries, { chunkSize: 5, complete: part === 19 });
          await scene.chunks.addPage(discovery.lease, page);
        }
      };
      await Promise.all([
        discovering(),
        work(scene, scene, job, "node-1"),
        work(other, scene, job, "node-2"),
        work(scene, scene, job, "node-3"),
        work(other, scene, job, "node-4"),
      ]);
      const { tally, openChunks, triggered, counting, logLines } = await scene.now(job);
      deepStrictEqual(tally.types.DITATOPIC, { total: 400, succeeded: 300, failed: 80, skipped: 20 });
      deepStrictEqual([openChunks, triggered, counting], [0, 380, "SUCCESS"]);
      deepStrictEqual(await endLines(scene, job), 1);
      deepStrictEqual((await scene.lines(job)).length, logLines);
      deepStrictEqual(await scene.outcomePaths(job), pathsOf(400));
    },
  },
];
