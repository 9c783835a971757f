import { deepStrictEqual } from "node:assert/strict";
import type { JobDraft } from "../../core/job/job.js";
import { rejection, rejectsWith } from "./failing.js";
import { draftOf } from "./job-steps.js";
import type { StoreScene } from "./store-scene.js";
import type { Guarantee } from "./suite.js";

const keyed = (key: string, fingerprint = "f", over: Partial<JobDraft> = {}): JobDraft =>
  draftOf({ idempotency: { key, fingerprint }, ...over });

/** Idempotency keys: for one principal, the same key and request always mean the same job. */
export const KEY_GUARANTEES: readonly Guarantee<StoreScene>[] = [
  {
    guarantee: "the same key and request return the same job, without asking for admission; nothing is stored",
    async check(scene) {
      const job = await scene.create(keyed("k"));
      const again = await scene.changesNothing(() =>
        scene.jobs.create(keyed("k"), () => {
          throw new Error("asked for");
        }),
      );
      deepStrictEqual(again, job);
      deepStrictEqual(await scene.jobs.byKey("ann", "k"), { jobId: job.id, fingerprint: "f" });
    },
  },
  {
    guarantee: "the same key and request return the job as it is now, even once it has ended",
    async check(scene) {
      const ended = await scene.stop(await scene.create(keyed("k")), "cancel");
      deepStrictEqual(await scene.create(keyed("k")), ended);
    },
  },
  {
    guarantee:
      "a key that was used for another request is an IDEMPOTENCY_CONFLICT that names its job; nothing is stored",
    async check(scene) {
      const job = await scene.create(keyed("k"));
      await scene.changesNothing(() =>
        rejectsWith(scene.create(keyed("k", "other")), "IDEMPOTENCY_CONFLICT", { jobId: job.id }),
      );
    },
  },
  {
    guarantee: "a key belongs to its principal and is exact to the character",
    async check(scene) {
      const job = await scene.create(keyed("k", "f", { repository: "folder:/1" }));
      const others: readonly (readonly [string, string])[] = [
        ["k", "bob"],
        ["K", "ann"],
        ["k ", "ann"],
        ["%", "ann"],
      ];
      for (const [key, createdBy] of others) {
        deepStrictEqual(await scene.jobs.byKey(createdBy, key), undefined);
        const other = await scene.create(keyed(key, "f", { createdBy, repository: `folder:/${key}${createdBy}` }));
        deepStrictEqual((await scene.jobs.byKey(createdBy, key))?.jobId, other.id);
      }
      deepStrictEqual((await scene.jobs.byKey("ann", "k"))?.jobId, job.id);
    },
  },
  {
    guarantee: "when many create a job under one key at once, on two nodes, all get the same job",
    async check(scene) {
      const other = await scene.another();
      const jobs = await Promise.all(
        Array.from({ length: 20 }, (_, i) => scene.create(keyed("k"), i % 2 ? other : scene)),
      );
      deepStrictEqual(new Set(jobs.map(({ id }) => id)).size, 1);
      deepStrictEqual((await scene.jobs.list({ limit: 99 })).jobs.length, 1);
    },
  },
  {
    guarantee: "a refused creation leaves its key free",
    async check(scene) {
      const busy = await scene.create();
      await rejection(scene.create(keyed("k")));
      await scene.stop(busy, "cancel");
      deepStrictEqual((await scene.create(keyed("k", "other"))).state.status, "WAITING");
    },
  },
];
