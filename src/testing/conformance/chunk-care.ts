import { deepStrictEqual, strictEqual } from "node:assert/strict";
import type { ChunkClaim } from "../../core/job/chunk.js";
import type { Job } from "../../core/job/job.js";
import { claimRequest, draftOf, partOf } from "./job-steps.js";
import { RUN_OUT, type StoreScene } from "./store-scene.js";
import type { Guarantee } from "./suite.js";

type CareGuarantee = Guarantee<StoreScene>;

/** Claims as a process that holds nothing else and then dies with its lease. */
const claimAlone = (scene: StoreScene, job: Job): Promise<readonly ChunkClaim[]> =>
  scene.claim(job, { ...RUN_OUT, alone: true });

async function takeOne(scene: StoreScene, job: Job): Promise<ChunkClaim> {
  const [chunk] = await claimAlone(scene, job);
  if (!chunk) throw new Error("no chunk could be claimed");
  return chunk;
}

/** Creates a job of ten assets whose only chunk is careful at the next claim. */
async function diedTwice(scene: StoreScene): Promise<Job> {
  const job = await scene.discovered(10);
  for (let death = 0; death < 2; death++) deepStrictEqual((await takeOne(scene, job)).careful, undefined);
  return job;
}

/** The chunk's owner announces an asset and dies. */
async function dieAt(scene: StoreScene, job: Job, index: number): Promise<void> {
  strictEqual(await scene.chunks.announce((await takeOne(scene, job)).lease, index), "announced");
}

/** Guarantees for assets that kill their worker: DESIGN's careful mode. */
export const CARE_GUARANTEES: readonly CareGuarantee[] = [
  {
    guarantee: "from the second death in a row on, a chunk is careful, and is claimed alone by a worker that is alone",
    async check(scene) {
      const job = await scene.discovered(30);
      const lives = [await claimAlone(scene, job), await claimAlone(scene, job)];
      deepStrictEqual(
        lives.map((chunks) => chunks.map(({ careful }) => careful)),
        [new Array(3).fill(undefined), new Array(3).fill(undefined)],
      );
      const care = await claimAlone(scene, job);
      deepStrictEqual(
        care.map(({ lease, careful, takenOver }) => [lease.chunk, lease.epoch, careful, takenOver]),
        [[1, 3, {}, true]],
      );
    },
  },
  {
    guarantee: "a worker that is not alone makes a careful chunk READY under the next epoch, and is told that it waits",
    async check(scene) {
      const job = await scene.discovered(10);
      await takeOne(scene, job);
      const old = await takeOne(scene, job);
      const asked = claimRequest({ jobId: job.id });
      strictEqual((await scene.chunks.waiting(asked)).care, false);
      deepStrictEqual(await scene.claim(job, RUN_OUT), []);
      strictEqual((await scene.chunks.waiting(asked)).care, true);
      strictEqual((await scene.chunks.waiting(claimRequest({ handlers: [] }))).care, false, "of a job it cannot do");
      deepStrictEqual(await scene.claim(job, RUN_OUT), [], "still");
      deepStrictEqual((await scene.chunks.commit([partOf(old)]))[0]?.end, "lost");
      const care = await takeOne(scene, job);
      deepStrictEqual([care.careful, care.lease.epoch], [{}, 4]);
    },
  },
  {
    guarantee: "a worker that is alone claims a careful chunk before anything else, whatever its job",
    async check(scene) {
      await scene.discovered(10, { draft: draftOf({}, { paths: ["/a"] }) });
      const second = await scene.discovered(20, { draft: draftOf({}, { paths: ["/b"] }) });
      for (let death = 0; death < 2; death++) await claimAlone(scene, second);
      await scene.claim(second, RUN_OUT);
      const claims = await scene.chunks.claim(claimRequest({ ...RUN_OUT, alone: true }));
      deepStrictEqual(
        claims.map(({ job, chunks, discovery }) => [job.id, chunks.length, discovery]),
        [[second.id, 1, undefined]],
      );
    },
  },
  {
    guarantee: "three deaths in a row while one asset was announced make it poisoned, until it has its outcome",
    async check(scene) {
      const job = await diedTwice(scene);
      for (let charge = 0; charge < 3; charge++) await dieAt(scene, job, 4);
      deepStrictEqual((await takeOne(scene, job)).careful, { poisoned: 4 });
      // That owner died without announcing an asset: none is charged, and earlier charges stay.
      deepStrictEqual((await takeOne(scene, job)).careful, { poisoned: 4 });
    },
  },
  {
    guarantee: "an announcement does not outlive its owner: an owner that dies without one charges no asset",
    async check(scene) {
      const job = await diedTwice(scene);
      for (let charge = 0; charge < 2; charge++) await dieAt(scene, job, 4);
      for (let death = 0; death < 4; death++) deepStrictEqual((await takeOne(scene, job)).careful, {});
    },
  },
  {
    guarantee: "an announcement under an old epoch stores nothing",
    async check(scene) {
      const job = await scene.discovered(10);
      const old = await takeOne(scene, job);
      await takeOne(scene, job);
      await scene.changesNothing(async () => strictEqual(await scene.chunks.announce(old.lease, 4), "lost"));
      for (let death = 0; death < 4; death++) {
        const held = await takeOne(scene, job);
        deepStrictEqual(held.careful, {});
        strictEqual(await scene.chunks.announce(old.lease, 4), "lost");
      }
    },
  },
  {
    guarantee: "charges count in a row: those of another asset start anew",
    async check(scene) {
      const job = await diedTwice(scene);
      for (const index of [4, 4, 5, 5]) await dieAt(scene, job, index);
      deepStrictEqual((await takeOne(scene, job)).careful, {});
    },
  },
  {
    guarantee: "only a part with the first open asset's outcome clears deaths and charges; an announcement does not",
    async check(scene) {
      const job = await scene.discovered(10);
      await takeOne(scene, job);
      await scene.chunks.commit([partOf(await takeOne(scene, job), { indices: [3] })]);
      const care = await takeOne(scene, job);
      deepStrictEqual(care.careful, {});
      await scene.chunks.announce(care.lease, 0);
      const charged = await takeOne(scene, job);
      deepStrictEqual(charged.careful, {});
      await scene.chunks.announce(charged.lease, 0);
      await scene.chunks.commit([partOf(charged, { indices: [0] })]);
      const after = await takeOne(scene, job);
      deepStrictEqual([after.careful, after.open], [undefined, [1, 2, 4, 5, 6, 7, 8, 9]]);
    },
  },
  {
    guarantee: "a release clears deaths and charges",
    async check(scene) {
      const job = await diedTwice(scene);
      await dieAt(scene, job, 4);
      await scene.chunks.release([(await takeOne(scene, job)).lease]);
      deepStrictEqual((await takeOne(scene, job)).careful, undefined);
    },
  },
  {
    guarantee: "a chunk that the reaper takes back counts a death and a charge, as at a claim",
    async check(scene) {
      const job = await diedTwice(scene);
      for (const how of ["cancel", "pause", "cancel"] as const) {
        await dieAt(scene, job, 0);
        await scene.stop(job, how);
        await scene.chunks.reap(() => false);
        strictEqual(await scene.status(job), how === "cancel" ? "CANCELLED" : "PAUSED");
        await scene.resume(job);
      }
      deepStrictEqual((await takeOne(scene, job)).careful, { poisoned: 0 });
    },
  },
  {
    guarantee: "ten deaths in a row without any outcome end the job; after a resume it counts anew",
    async check(scene) {
      const job = await scene.discovered(10);
      for (let death = 0; death < 10; death++) await takeOne(scene, job);
      deepStrictEqual(await claimAlone(scene, job), []);
      await scene.chunks.reap(() => false);
      const { state, comments } = await scene.now(job);
      strictEqual(state.status, "FAILURE");
      strictEqual(comments, "workers died 10 times in a row on chunk 1, without any outcome");
      await scene.resume(job);
      deepStrictEqual((await takeOne(scene, job)).careful, undefined);
    },
  },
];
