import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import type { Job } from "../../core/job/job.js";
import { LEFT_TO_OTHERS_MS } from "../../core/job/share.js";
import type { Claim, ClaimRequest } from "../../core/ports/chunk-store.js";
import { claimRequest, draftAt } from "./job-steps.js";
import { type StoreScene, until } from "./store-scene.js";
import type { Guarantee } from "./suite.js";

/** Creates a job whose chunks of ten assets are all READY. */
const jobOf = (scene: StoreScene, path: string, chunks: number, priority = 5): Promise<Job> =>
  scene.discovered(chunks * 10, { draft: draftAt(path, { priority }) });

/** Returns how many chunks of each of these jobs were claimed. */
const countsOf = (claims: readonly Claim[], jobs: readonly Job[]): readonly number[] =>
  jobs.map(({ id }) => claims.find(({ job }) => job.id === id)?.chunks.length ?? 0);

const claimSome = (scene: StoreScene, over: Partial<ClaimRequest>): Promise<readonly Claim[]> =>
  scene.chunks.claim(claimRequest({ discoveries: 0, ...over }));

/** Guarantees for how claims share the work of several jobs. */
export const SHARE_GUARANTEES: readonly Guarantee<StoreScene>[] = [
  {
    guarantee: "a claim shares its chunks among jobs by their priorities: each step halves a job's share",
    async check(scene) {
      const jobs = [await jobOf(scene, "/a", 20), await jobOf(scene, "/b", 20, 7)];
      deepStrictEqual(countsOf(await claimSome(scene, { chunks: 10 }), jobs), [8, 2]);
    },
  },
  {
    guarantee: "what a job has LEASED counts towards its share, on whatever node",
    async check(scene) {
      const jobs = [await jobOf(scene, "/a", 40), await jobOf(scene, "/b", 20)];
      await scene.claim(jobs[0] as Job, { chunks: 20 }, await scene.another());
      deepStrictEqual(countsOf(await claimSome(scene, { chunks: 10 }), jobs), [0, 10]);
    },
  },
  {
    guarantee: "what a small job leaves of its share goes to the others",
    async check(scene) {
      const jobs = [await jobOf(scene, "/a", 20), await jobOf(scene, "/b", 1, 0)];
      deepStrictEqual(countsOf(await claimSome(scene, { chunks: 10 }), jobs), [9, 1]);
    },
  },
  {
    guarantee: "a job that was passed over comes first in the end, whatever its priority",
    async check(scene) {
      const [urgent, other] = [await jobOf(scene, "/a", 2, 0), await jobOf(scene, "/b", 2, 1)];
      const order: string[] = [];
      const claimOne = async (): Promise<boolean> => {
        const [claim] = await claimSome(scene, { chunks: 1 });
        ok(claim?.chunks[0], "nothing was claimed");
        await scene.chunks.release([claim.chunks[0].lease]);
        order.push(claim.job.id);
        return claim.job.id === other.id;
      };
      await until("the other job is claimed", claimOne, 10_000);
      strictEqual(order[0], urgent.id);
    },
  },
  {
    guarantee: "newcomers are jobs that the worker holds no chunk of: one at once, more once nobody else took them",
    async check(scene) {
      const jobs = [await jobOf(scene, "/a", 3), await jobOf(scene, "/b", 2), await jobOf(scene, "/c", 2)];
      const held = await scene.oneChunk(jobs[0] as Job);
      const asked = { chunks: 0, newcomers: 5, holding: [held.lease] };
      const first = countsOf(await claimSome(scene, asked), jobs);
      strictEqual(first[0], 0);
      ok(first.every((count) => count <= 1) && first.includes(1), "one chunk each");
      await until(
        "the others are claimed",
        async () => {
          await claimSome(scene, asked);
          const { unserved } = await scene.chunks.waiting(claimRequest());
          return unserved.length === 0;
        },
        LEFT_TO_OTHERS_MS + 10_000,
      );
    },
  },
  {
    guarantee: "waiting jobs are those with READY work of which nothing is LEASED, furthest behind their share first",
    async check(scene) {
      const [low, served, urgent] = [
        await jobOf(scene, "/a", 2, 9),
        await jobOf(scene, "/b", 2),
        await jobOf(scene, "/c", 2, 0),
      ];
      const fresh = await scene.create(draftAt("/d"));
      const held = await scene.oneChunk(served, {}, await scene.another());
      const { unserved } = await scene.chunks.waiting(claimRequest({ chunks: 0, discoveries: 0 }));
      deepStrictEqual(
        unserved.map(({ id, discovery, ready }) => [id, discovery, ready > 0]),
        [
          [urgent.id, false, true],
          [fresh.id, true, false],
          [low.id, false, true],
        ],
      );
      await scene.chunks.release([held.lease]);
      const after = await scene.chunks.waiting(claimRequest());
      deepStrictEqual(after.unserved.map(({ id }) => id).sort(), [low.id, served.id, urgent.id, fresh.id].sort());
    },
  },
];
