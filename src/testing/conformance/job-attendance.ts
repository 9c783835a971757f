import { deepStrictEqual, ok } from "node:assert/strict";
import { draftAt, entriesOf, pageOf, partOf, pathsOf } from "./job-steps.js";
import { RUN_OUT, type StoreScene } from "./store-scene.js";
import type { Guarantee } from "./suite.js";

const UNKNOWN = "22222222-2222-4222-8222-222222222222";

/** What `unattended` answers about whether somebody works on a job. */
export const ATTENDANCE_GUARANTEES: readonly Guarantee<StoreScene>[] = [
  {
    guarantee: "a job is unattended from the end of its last lease on, and no longer once a lease is valid again",
    async check(scene) {
      const job = await scene.create(draftAt("/left"));
      const other = await scene.create(draftAt("/held"));
      await scene.discovery(other);
      const { lease } = await scene.discovery(job, RUN_OUT);
      const asked = [other.id, job.id, UNKNOWN];
      const answer = await scene.jobs.unattended(asked);
      deepStrictEqual([...answer.keys()], [job.id]);
      const since = answer.get(job.id) ?? 0;
      ok(since >= job.createdAtMs && since < job.createdAtMs + 60_000, `since ${since}`);
      deepStrictEqual(await scene.chunks.renew([lease], 60_000), []);
      deepStrictEqual([...(await scene.jobs.unattended(asked)).keys()], []);
    },
  },
  {
    guarantee: "a job is unattended at once when its only lease is released, and when it is taken back",
    async check(scene) {
      const job = await scene.create();
      const { lease } = await scene.discovery(job);
      await scene.chunks.release([lease]);
      const released = (await scene.jobs.unattended([job.id])).get(job.id) ?? 0;
      ok(released >= job.createdAtMs && released < job.createdAtMs + 60_000, `since ${released}`);
      const { lease: again } = await scene.discovery(job, RUN_OUT);
      deepStrictEqual(again.epoch, lease.epoch + 1);
      deepStrictEqual([...(await scene.jobs.unattended([job.id])).keys()], [job.id]);
    },
  },
  {
    guarantee: "a job that never had a lease is not unattended; nor is one between two chunks",
    async check(scene) {
      const waiting = await scene.create(draftAt("/waiting"));
      const job = await scene.create(draftAt("/between"));
      const discovery = await scene.discovery(job, RUN_OUT);
      await scene.chunks.addPage(discovery.lease, pageOf(discovery, entriesOf(pathsOf(20))));
      await scene.chunks.commit([partOf(await scene.oneChunk(job))]);
      deepStrictEqual((await scene.now(job)).state.status, "PROCESSING");
      deepStrictEqual([...(await scene.jobs.unattended([waiting.id, job.id])).keys()], []);
      deepStrictEqual([...(await scene.jobs.unattended([])).keys()], []);
    },
  },
];
