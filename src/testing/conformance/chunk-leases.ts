import { deepStrictEqual, notDeepStrictEqual } from "node:assert/strict";
import { claimRequest, draftOf, failedWith, partOf } from "./job-steps.js";
import { RUN_OUT, type StoreScene, STOPS } from "./store-scene.js";
import type { Guarantee } from "./suite.js";

type LeaseGuarantee = Guarantee<StoreScene>;

const isDead = (owner: string): boolean => owner === "dead";

const RELEASES: readonly LeaseGuarantee[] = [
  {
    guarantee: "a release makes the chunk available at once, and its outcomes stay",
    async check(scene) {
      const job = await scene.discovered(10);
      const chunk = await scene.oneChunk(job);
      await scene.chunks.commit([partOf(chunk, { indices: [0, 1, 2] })]);
      await scene.chunks.release([chunk.lease]);
      const { lease, open, takenOver } = await scene.oneChunk(job, { owner: "node-2" });
      deepStrictEqual([lease.epoch, open, takenOver], [2, [3, 4, 5, 6, 7, 8, 9], false]);
    },
  },
  {
    guarantee: "a release of a lost lease, or of a chunk that is done, changes nothing",
    async check(scene) {
      const job = await scene.discovered(20);
      const old = await scene.oneChunk(job, RUN_OUT);
      const current = await scene.oneChunk(job);
      const done = await scene.oneChunk(job);
      await scene.chunks.commit([partOf(done)]);
      await scene.changesNothing(() => scene.chunks.release([old.lease, done.lease]));
      deepStrictEqual(await scene.claim(job), [], "something was given back");
      deepStrictEqual((await scene.chunks.commit([partOf(current)]))[0]?.end, "committed");
    },
  },
  {
    guarantee: "a release of discovery lets another worker resume it, and counts as no death",
    async check(scene) {
      const job = await scene.create();
      for (let i = 0; i < 5; i++) await scene.chunks.release([(await scene.discovery(job)).lease]);
      deepStrictEqual((await scene.discovery(job)).takenOver, false);
    },
  },
  ...STOPS.map(([how, ends]): LeaseGuarantee => ({
    guarantee: `a release ends a job that was told to stop (${how}) if it is of the last lease, and not before`,
    async check(scene) {
      const job = await scene.discovered(20);
      const [a, b] = await scene.twoChunks(job);
      await scene.stop(job, how);
      await scene.chunks.release([a.lease]);
      notDeepStrictEqual(await scene.status(job), ends);
      await scene.chunks.release([b.lease]);
      deepStrictEqual(await scene.status(job), ends);
    },
  })),
];

const RENEWALS: readonly LeaseGuarantee[] = [
  {
    guarantee: "a renewal keeps leases that would have expired, and no others",
    async check(scene) {
      const job = await scene.discovered(20);
      const [a, b] = await scene.twoChunks(job, RUN_OUT);
      deepStrictEqual(await scene.chunks.renew([a.lease], 60_000), []);
      const taken = await scene.claim(job);
      deepStrictEqual(
        taken.map(({ lease }) => lease.chunk),
        [b.lease.chunk],
      );
    },
  },
  {
    guarantee: "a renewal of a discovery keeps its lease",
    async check(scene) {
      const job = await scene.create();
      const { lease } = await scene.discovery(job, RUN_OUT);
      deepStrictEqual(await scene.chunks.renew([lease], 60_000), []);
      deepStrictEqual(await scene.chunks.claim(claimRequest()), []);
    },
  },
  {
    guarantee: "a renewal reports the leases that were lost, taken over or done, and renews the others",
    async check(scene) {
      const job = await scene.discovered(40);
      const [lost, done, kept, free] = await scene.claim(job, RUN_OUT);
      if (!lost || !done || !kept || !free) throw new Error("four chunks could not be claimed");
      await scene.claim(job, { chunks: 1, owner: "node-2" });
      await scene.chunks.commit([partOf(done)]);
      await scene.chunks.release([free.lease]);
      const leases = [lost, done, kept, free].map(({ lease }) => lease);
      deepStrictEqual(await scene.chunks.renew(leases, 60_000), [lost.lease, done.lease, free.lease]);
      const taken = await scene.claim(job);
      deepStrictEqual(
        taken.map(({ lease }) => lease.chunk),
        [free.lease.chunk],
      );
    },
  },
  {
    guarantee: "a renewal reports an old lease as lost even if the same owner holds the chunk again",
    async check(scene) {
      const job = await scene.discovered(10);
      const old = await scene.oneChunk(job, RUN_OUT);
      const current = await scene.oneChunk(job);
      deepStrictEqual(await scene.chunks.renew([old.lease, current.lease], 60_000), [old.lease]);
    },
  },
  {
    guarantee: "a renewal of no lease, or of one that does not exist, renews nothing",
    async check(scene) {
      const stray = { jobId: "nope", chunk: 1, epoch: 1 };
      deepStrictEqual(await scene.chunks.renew([], 1_000), []);
      deepStrictEqual(await scene.chunks.renew([stray], 1_000), [stray]);
    },
  },
];

const REAPINGS: readonly LeaseGuarantee[] = [
  ...STOPS.flatMap(([how, ends]): readonly LeaseGuarantee[] => [
    {
      guarantee: `the reaper ends a job that was told to stop (${how}) and whose owner is dead; no zombie commits to it`,
      async check(scene) {
        const job = await scene.discovered(20);
        const chunks = await scene.claim(job, { owner: "dead" });
        await scene.stop(job, how);
        await scene.chunks.reap(() => false);
        notDeepStrictEqual(await scene.status(job), ends);
        const node = await scene.another();
        await node.chunks.reap(isDead);
        deepStrictEqual(await scene.status(job), ends);
        const answers = await scene.changesNothing(() => scene.chunks.commit(chunks.map((chunk) => partOf(chunk))));
        deepStrictEqual(
          answers.map(({ end }) => end),
          ["lost", "lost"],
        );
      },
    },
    {
      guarantee: `the reaper ends a job that was told to stop (${how}) and whose leases have expired`,
      async check(scene) {
        const job = await scene.discovered(20);
        await scene.claim(job, RUN_OUT);
        await scene.stop(job, how);
        await scene.chunks.reap(() => false);
        deepStrictEqual(await scene.status(job), ends);
      },
    },
  ]),
  {
    guarantee: "the reaper leaves a running job's expired leases to whoever claims them",
    async check(scene) {
      const job = await scene.discovered(10);
      const { lease } = await scene.oneChunk(job, RUN_OUT);
      const node = await scene.another();
      await scene.changesNothing(() => node.chunks.reap(() => true));
      deepStrictEqual((await scene.oneChunk(job)).lease.epoch, lease.epoch + 1);
    },
  },
  {
    guarantee: "the reaper leaves live owners in a job that is being cancelled alone; it ends once they are done",
    async check(scene) {
      const job = await scene.discovered(20);
      const living = await scene.oneChunk(job, { owner: "living" });
      await scene.claim(job, { owner: "dead" });
      await scene.stop(job, "cancel");
      const node = await scene.another();
      await node.chunks.reap(isDead);
      deepStrictEqual(await scene.status(job), "CANCELLING");
      deepStrictEqual((await scene.chunks.commit([partOf(living)]))[0]?.end, "committed");
      deepStrictEqual(await scene.status(job), "CANCELLED");
    },
  },
  {
    guarantee: "a chunk that the reaper took back can be claimed after a resume, under an epoch that nobody had",
    async check(scene) {
      const job = await scene.discovered(20);
      await scene.claim(job, RUN_OUT);
      await scene.stop(job, "cancel");
      await scene.chunks.reap(() => false);
      await scene.resume(job);
      const taken = await scene.claim(job);
      deepStrictEqual(
        taken.map(({ lease }) => lease.epoch),
        [3, 3],
      );
    },
  },
  {
    guarantee: "the reaper checks every job in the store, whatever its repository and handlers, discovery included",
    async check(scene) {
      const far = { repository: "folder:/far", handlers: ["exotic"] };
      const job = await scene.create(draftOf(far));
      await scene.chunks.claim(claimRequest({ ...far, ...RUN_OUT }));
      await scene.stop(job, "cancel");
      await scene.chunks.reap(() => false);
      deepStrictEqual(await scene.status(job), "CANCELLED");
    },
  },
];

const ENDS: readonly LeaseGuarantee[] = [
  ...STOPS.map(([how, ends]): LeaseGuarantee => ({
    guarantee: `a commit that closes the last lease of a job that was told to stop ends it (${how})`,
    async check(scene) {
      const job = await scene.discovered(30);
      const chunk = await scene.oneChunk(job);
      await scene.stop(job, how);
      const [answer] = await scene.chunks.commit([partOf(chunk)]);
      deepStrictEqual([answer?.end, answer?.job.state.status], ["committed", ends]);
    },
  })),
  {
    guarantee: "a job that runs out of work while pausing finishes; cancel wins over finish, and over giving up",
    async check(scene) {
      for (const [how, ends] of [
        ["pause", "SUCCESS"],
        ["cancel", "CANCELLED"],
        ["give up", "FAILURE"],
      ] as const) {
        const job = await scene.discovered(10, { draft: draftOf({}, { paths: [`/${how}`] }) });
        const chunk = await scene.oneChunk(job);
        await scene.stop(job, how);
        await scene.chunks.commit([partOf(chunk)]);
        deepStrictEqual(await scene.status(job), ends, how);
      }
      const job = await scene.discovered(20, { draft: draftOf({}, { maxFailures: 0 }) });
      const chunk = await scene.oneChunk(job);
      await scene.stop(job, "cancel");
      await scene.chunks.commit([partOf(chunk, { outcome: () => failedWith("X") })]);
      deepStrictEqual(await scene.status(job), "CANCELLED");
    },
  },
  {
    guarantee: "a job whose every asset failed is a FAILURE",
    async check(scene) {
      const job = await scene.discovered(10);
      await scene.chunks.commit([partOf(await scene.oneChunk(job), { outcome: () => failedWith("X") })]);
      deepStrictEqual(await scene.status(job), "FAILURE");
    },
  },
];

export const LEASE_GUARANTEES: readonly LeaseGuarantee[] = [...RELEASES, ...RENEWALS, ...REAPINGS, ...ENDS];
