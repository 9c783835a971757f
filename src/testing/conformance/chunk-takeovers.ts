import { deepStrictEqual, ok } from "node:assert/strict";
import type { ClaimRequest } from "../../core/ports/chunk-store.js";
import { claimRequest, draftOf, entriesOf, pageOf, partOf, pathsOf } from "./job-steps.js";
import { RUN_OUT, type StoreScene, until } from "./store-scene.js";
import type { Guarantee } from "./suite.js";

const isDead = (owner: string): boolean => owner === "dead";

export const TAKEOVER_GUARANTEES: readonly Guarantee<StoreScene>[] = [
  {
    guarantee: "a takeover waits until the lease has expired",
    async check(scene) {
      const job = await scene.discovered(10);
      await scene.oneChunk(job, { owner: "node-1", ttlMs: 60_000 });
      deepStrictEqual(await scene.claim(job, { owner: "node-2" }), []);
    },
  },
  {
    guarantee: "a takeover follows at once when the lease has expired: next epoch, same attempt, and the log says so",
    async check(scene) {
      const job = await scene.discovered(10);
      await scene.oneChunk(job, RUN_OUT);
      const again = await scene.oneChunk(job, { owner: "node-2" });
      deepStrictEqual([again.lease, again.takenOver], [{ jobId: job.id, chunk: 1, epoch: 2 }, true]);
      ok(/Took over 1 lease /.test((await scene.lines(job)).at(-1) ?? ""), "the log does not mention the takeover");
      const { attempt, triggered } = await scene.now(job);
      deepStrictEqual([attempt, triggered], [1, 10]);
    },
  },
  {
    guarantee: "a takeover never affects what the claimer itself still holds, expired or not; others take it over",
    async check(scene) {
      const walked = await scene.create(draftOf({}, { paths: ["/walked"] }));
      const { lease: walk } = await scene.discovery(walked, RUN_OUT);
      const job = await scene.discovered(30);
      const [a, b] = await scene.twoChunks(job, { ...RUN_OUT, chunks: 2 });
      const holding = [walk, a.lease, b.lease];
      const numbers = async (over: Partial<ClaimRequest>): Promise<readonly number[]> =>
        (await scene.claim(job, over)).map(({ lease }) => lease.chunk);
      deepStrictEqual(await numbers({ holding, chunks: 2, ttlMs: 60_000 }), [3], "what is free is passed over");
      await scene.changesNothing(async () =>
        deepStrictEqual(await scene.chunks.claim(claimRequest({ holding, discoveries: 9 })), []),
      );
      const [stored] = await scene.chunks.commit([partOf(a)]);
      deepStrictEqual(stored?.end, "committed");
      deepStrictEqual(await numbers({ holding: [{ ...b.lease, epoch: b.lease.epoch - 1 }] }), [b.lease.chunk]);
      const { lease: taken } = await scene.discovery(walked, { owner: "node-2" });
      deepStrictEqual(taken.epoch, walk.epoch + 1);
    },
  },
  {
    guarantee:
      "a takeover follows at once if the owner is known to be dead, however long its lease; live owners keep theirs",
    async check(scene) {
      const job = await scene.discovered(20);
      await scene.oneChunk(job, { owner: "living", ttlMs: 3_600_000 });
      await scene.oneChunk(job, { owner: "dead", ttlMs: 3_600_000 });
      const taken = await scene.claim(job, { owner: "node-2", isKnownDead: isDead }, await scene.another());
      deepStrictEqual(
        taken.map(({ lease }) => [lease.chunk, lease.epoch]),
        [[2, 2]],
      );
    },
  },
  {
    guarantee: "a takeover follows within a second if the owner dies just after it was checked",
    async check(scene) {
      const job = await scene.discovered(10);
      await scene.oneChunk(job, { owner: "dead", ttlMs: 3_600_000 });
      deepStrictEqual(await scene.claim(job, { owner: "node-2" }), []);
      const isTaken = async () => (await scene.claim(job, { owner: "node-2", isKnownDead: isDead })).length > 0;
      await until("the takeover", isTaken, 1_000);
    },
  },
  {
    guarantee: "when many take over one lease at once, on two nodes, there is one winner",
    async check(scene) {
      const job = await scene.discovered(10);
      await scene.oneChunk(job, RUN_OUT);
      const other = await scene.another();
      const claims = await Promise.all(
        Array.from({ length: 10 }, (_, i) => scene.claim(job, { owner: `node-${i}` }, i % 2 ? other : scene)),
      );
      deepStrictEqual(
        claims.flat().map(({ lease }) => lease.epoch),
        [2],
      );
    },
  },
  {
    guarantee: "a chunk is resumed at the indices that have no outcome, after several earlier parts and leases",
    async check(scene) {
      const job = await scene.discovered(10);
      const first = await scene.oneChunk(job);
      await scene.chunks.commit([partOf(first, { indices: [0, 7] })]);
      await scene.chunks.commit([partOf(first, { part: 1, indices: [3] })]);
      await scene.chunks.release([first.lease]);
      const second = await scene.oneChunk(job);
      deepStrictEqual(second.open, [1, 2, 4, 5, 6, 8, 9]);
      await scene.chunks.commit([partOf(second, { indices: [1], closes: false })]);
      await scene.chunks.release([second.lease]);
      deepStrictEqual((await scene.oneChunk(job)).open, [2, 4, 5, 6, 8, 9]);
    },
  },
  {
    guarantee: "a discovery that is taken over resumes at its cursor",
    async check(scene) {
      const job = await scene.create();
      const first = await scene.discovery(job, { owner: "dead" });
      const entries = entriesOf(pathsOf(50));
      await scene.chunks.addPage(first.lease, pageOf(first, entries.slice(0, 20), { complete: false }));
      const second = await scene.discovery(job, { isKnownDead: isDead }, await scene.another());
      const lease = { jobId: job.id, chunk: 0, epoch: 2 };
      deepStrictEqual(second, { lease, part: 1, cursor: pathsOf(50)[19], nextChunk: 3, takenOver: true });
    },
  },
];
