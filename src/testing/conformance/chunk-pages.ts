import { deepStrictEqual, ok } from "node:assert/strict";
import type { Job } from "../../core/job/job.js";
import { entriesIn } from "../../core/job/manifest.js";
import { claimRequest, draftOf, entriesOf, pageOf, partOf, pathsOf } from "./job-steps.js";
import { RUN_OUT, type StoreScene } from "./store-scene.js";
import type { Guarantee } from "./suite.js";

const begun = async (scene: StoreScene, job?: Job) => {
  const created = job ?? (await scene.create());
  return { job: created, discovery: await scene.discovery(created) };
};

const die = async (scene: StoreScene, job: Job, times: number): Promise<void> => {
  for (let i = 0; i < times; i++) await scene.discovery(job, RUN_OUT);
};

export const PAGE_GUARANTEES: readonly Guarantee<StoreScene>[] = [
  {
    guarantee: "a page of discovery stores chunks, cursor and totals together, and processing can begin",
    async check(scene) {
      const { job, discovery } = await begun(scene);
      const answer = await scene.chunks.addPage(
        discovery.lease,
        pageOf(discovery, entriesOf(pathsOf(25)), { complete: false }),
      );
      deepStrictEqual([answer.end, answer.job], ["committed", await scene.now(job)]);
      const { counting, openChunks, tally } = answer.job;
      deepStrictEqual([counting, openChunks, tally.types.DITATOPIC?.total], ["PROCESSING", 3, 25]);
      deepStrictEqual((await scene.claim(job)).length, 3);
    },
  },
  ...[false, true].map((complete): Guarantee<StoreScene> => ({
    guarantee: `a repeated page of discovery is answered as committed and doubles nothing${complete ? " (the last)" : ""}`,
    async check(scene) {
      const { discovery } = await begun(scene);
      const page = pageOf(discovery, entriesOf(pathsOf(25)), { complete });
      await scene.chunks.addPage(discovery.lease, page);
      const again = await scene.changesNothing(() => scene.chunks.addPage(discovery.lease, page));
      deepStrictEqual(again.end, "committed");
    },
  })),
  {
    guarantee: "a page of discovery under an old epoch stores nothing",
    async check(scene) {
      const job = await scene.create();
      const old = await scene.discovery(job, RUN_OUT);
      await scene.discovery(job);
      const page = pageOf(old, entriesOf(pathsOf(25)));
      const answer = await scene.changesNothing(() => scene.chunks.addPage(old.lease, page));
      deepStrictEqual([answer.end, answer.job], ["lost", await scene.now(job)]);
    },
  },
  {
    guarantee: "a claim returns the manifest that was stored, also to a node that was too late to store another",
    async check(scene) {
      const job = await scene.create();
      const late = await scene.discovery(job, RUN_OUT);
      const other = await scene.another();
      const now = await scene.discovery(job, {}, other);
      const answer = await scene.chunks.addPage(late.lease, pageOf(late, entriesOf(pathsOf(10, "/late"))));
      deepStrictEqual(answer.end, "lost");
      await other.chunks.addPage(now.lease, pageOf(now, entriesOf(pathsOf(10))));
      const { entries } = await scene.oneChunk(job);
      deepStrictEqual(entriesIn(entries), entriesOf(pathsOf(10)));
    },
  },
  {
    guarantee: "a page of discovery that does not start where the last one ended stores nothing",
    async check(scene) {
      const { discovery } = await begun(scene);
      const [one, two] = [entriesOf(pathsOf(10)), entriesOf(pathsOf(20).slice(10))];
      await scene.chunks.addPage(discovery.lease, pageOf(discovery, one, { complete: false }));
      await scene.chunks.addPage(discovery.lease, pageOf({ part: 1, nextChunk: 2 }, two, { complete: false }));
      for (const part of [0, 3, 7]) {
        const page = pageOf({ part, nextChunk: 9 }, entriesOf(pathsOf(10, "/other")), { complete: false });
        const answer = await scene.changesNothing(() => scene.chunks.addPage(discovery.lease, page));
        deepStrictEqual(answer.end, "lost", `part ${part}`);
      }
    },
  },
  {
    guarantee: "a discovery that finds nothing finishes the job as SUCCESS",
    async check(scene) {
      const { job, discovery } = await begun(scene);
      const answer = await scene.chunks.addPage(discovery.lease, pageOf(discovery, []));
      deepStrictEqual([answer.job.state.status, await scene.status(job)], ["SUCCESS", "SUCCESS"]);
    },
  },
  {
    guarantee: "a discovery whose last page comes after every chunk is done finishes the job",
    async check(scene) {
      const { job, discovery } = await begun(scene);
      await scene.chunks.addPage(discovery.lease, pageOf(discovery, entriesOf(pathsOf(5)), { complete: false }));
      await scene.chunks.commit([partOf(await scene.oneChunk(job))]);
      deepStrictEqual(await scene.status(job), "PROCESSING");
      await scene.chunks.addPage(discovery.lease, pageOf({ part: 1, nextChunk: 2 }, []));
      deepStrictEqual(await scene.status(job), "SUCCESS");
    },
  },
  {
    guarantee: "a page without chunks advances the cursor and keeps the next chunk's number",
    async check(scene) {
      const job = await scene.create();
      const first = await scene.discovery(job, RUN_OUT);
      await scene.chunks.addPage(first.lease, pageOf(first, entriesOf(pathsOf(5)), { complete: false }));
      const page = { ...pageOf({ part: 1, nextChunk: 2 }, [], { complete: false }), cursor: "/root/b" };
      await scene.chunks.addPage(first.lease, page);
      const { cursor, nextChunk, part } = await scene.discovery(job);
      deepStrictEqual([cursor, nextChunk, part], ["/root/b", 2, 2]);
    },
  },
  {
    guarantee: "a dry run keeps the first and the last asset that it found, over several pages",
    async check(scene) {
      const { job, discovery } = await begun(scene, await scene.create(draftOf({}, { dryRun: true })));
      const tallied = (part: number, paths: readonly string[], complete: boolean) => ({
        ...pageOf({ part, nextChunk: 1 }, entriesOf(paths), { complete }),
        chunks: [],
      });
      await scene.chunks.addPage(discovery.lease, tallied(0, pathsOf(10), false));
      await scene.chunks.addPage(discovery.lease, tallied(1, [], false));
      await scene.chunks.addPage(discovery.lease, tallied(2, pathsOf(20).slice(10), true));
      const { found, state } = await scene.now(job);
      deepStrictEqual([found, state.status], [{ first: "/root/a0000", last: "/root/a0019" }, "SUCCESS"]);
    },
  },
  {
    guarantee: "a discovery that dies three times in a row without a page makes the job give up, and can be resumed",
    async check(scene) {
      const job = await scene.create();
      await die(scene, job, 3);
      deepStrictEqual(await scene.chunks.claim(claimRequest()), []);
      await scene.chunks.reap(() => false);
      const { state, comments } = await scene.now(job);
      deepStrictEqual(state.status, "FAILURE");
      ok(/discovery/.test(comments), comments);
      await scene.resume(job);
      const discovery = await scene.discovery(job);
      await scene.chunks.addPage(discovery.lease, pageOf(discovery, []));
      deepStrictEqual(await scene.status(job), "SUCCESS");
    },
  },
  {
    guarantee: "a discovery that dies less often, or with a page in between, is retried at its cursor",
    async check(scene) {
      const job = await scene.create();
      await die(scene, job, 2);
      const third = await scene.discovery(job, RUN_OUT);
      deepStrictEqual(third.lease.epoch, 3);
      await scene.chunks.addPage(third.lease, pageOf(third, entriesOf(pathsOf(5)), { complete: false }));
      await die(scene, job, 1);
      deepStrictEqual((await scene.discovery(job)).cursor, "/root/a0004");
    },
  },
];
