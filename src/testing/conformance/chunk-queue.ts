import { deepStrictEqual, strictEqual } from "node:assert/strict";
import type { Job } from "../../core/job/job.js";
import { claimRequest, draftAt, draftOf } from "./job-steps.js";
import { Dice } from "./random-tree.js";
import type { StoreScene } from "./store-scene.js";
import type { Guarantee } from "./suite.js";

/** More than any page of candidates that a store may look at. */
const MANY = 60;

/** How many of them end, one after the other. */
const ROUNDS = 15;

const queuedAt = (scene: StoreScene, path: string): Promise<Job> => scene.create(draftAt(path, { onOverlap: "queue" }));

/** Claims all discoveries that can be claimed, and returns their jobs, which hold them from now on. */
const claimedJobs = async (scene: StoreScene): Promise<readonly string[]> =>
  (await scene.chunks.claim(claimRequest({ chunks: 0, discoveries: 2 * MANY }))).map(({ job }) => job.id);

/** Cancels a job, whether its discovery is held under epoch 1 or by nobody. */
async function end(scene: StoreScene, job: Job): Promise<void> {
  await scene.stop(job, "cancel");
  await scene.chunks.release([{ jobId: job.id, chunk: 0, epoch: 1 }]);
  strictEqual(await scene.status(job), "CANCELLED");
}

/** Guarantees for jobs that wait for earlier ones with an overlapping scope. */
export const QUEUE_GUARANTEES: readonly Guarantee<StoreScene>[] = [
  {
    guarantee: "a queued job is not claimed while an earlier one on its scope is running, and is claimed afterwards",
    async check(scene) {
      const first = await scene.create(draftOf({}, { paths: ["/root/a"] }));
      const queued = await scene.create(draftOf({}, { onOverlap: "queue" }));
      const apart = await scene.create(draftOf({}, { paths: ["/apart"], onOverlap: "queue" }));
      deepStrictEqual(await claimedJobs(scene), [first.id, apart.id]);
      deepStrictEqual(await claimedJobs(scene), []);
      deepStrictEqual(await scene.status(queued), "WAITING");
      await end(scene, first);
      deepStrictEqual(await claimedJobs(scene), [queued.id]);
    },
  },
  {
    guarantee: "of many jobs queued on one scope only the oldest is ever claimed, in whatever order the others end",
    async check(scene) {
      const dice = new Dice(7);
      let waiting: Job[] = [];
      for (let i = 0; i < MANY; i++) waiting.push(await queuedAt(scene, "/root"));
      let running: Job | undefined;
      for (let round = 0; round < ROUNDS; round++) {
        deepStrictEqual(await claimedJobs(scene), running ? [] : [waiting[0]?.id]);
        running ??= waiting.shift();
        const victim = dice.roll(3) === 0 || waiting.length === 0 ? running : dice.pick(waiting);
        if (!victim) break;
        await end(scene, victim);
        waiting = waiting.filter((job) => job !== victim);
        if (victim === running) running = undefined;
      }
    },
  },
  {
    guarantee: "all that waited for one job can be claimed once it has ended, however many they are",
    async check(scene) {
      const first = await scene.create(draftAt("/root"));
      const waiting: Job[] = [];
      for (let i = 0; i < MANY; i++) waiting.push(await queuedAt(scene, `/root/${i}`));
      deepStrictEqual(await claimedJobs(scene), [first.id]);
      deepStrictEqual(await claimedJobs(scene), []);
      await end(scene, first);
      const claimed = [...(await claimedJobs(scene)), ...(await claimedJobs(scene))];
      deepStrictEqual(claimed.sort(), waiting.map(({ id }) => id).sort());
    },
  },
  {
    guarantee: "a queued job that was cancelled and resumed waits again for the earlier one, and so does a paused one",
    async check(scene) {
      const first = await scene.create(draftAt("/root/a"));
      const cancelled = await queuedAt(scene, "/root");
      const paused = await queuedAt(scene, "/root/a/b");
      await scene.stop(cancelled, "cancel");
      await scene.stop(paused, "pause");
      await scene.resume(cancelled);
      await scene.resume(paused);
      deepStrictEqual(await claimedJobs(scene), [first.id]);
      deepStrictEqual(await claimedJobs(scene), []);
      await end(scene, first);
      deepStrictEqual(await claimedJobs(scene), [cancelled.id]);
    },
  },
  {
    guarantee: "a job that is queued while the one before it ends, on another node, is never left waiting",
    async check(scene) {
      const other = await scene.another();
      for (let i = 0; i < 20; i++) {
        const first = await queuedAt(scene, `/root/${i}`);
        deepStrictEqual(await claimedJobs(scene), [first.id]);
        await scene.stop(first, "cancel");
        const [queued] = await Promise.all([
          scene.create(draftAt(`/root/${i}`, { onOverlap: "queue" }), other),
          scene.chunks.release([{ jobId: first.id, chunk: 0, epoch: 1 }]),
        ]);
        deepStrictEqual(await claimedJobs(scene), [queued.id]);
      }
    },
  },
];
