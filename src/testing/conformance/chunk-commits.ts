import { deepStrictEqual, ok } from "node:assert/strict";
import type { AssetWrite } from "../../core/asset/asset-result.js";
import { info } from "../../core/job/log-entry.js";
import { entriesIn } from "../../core/job/manifest.js";
import { rejection, rejectsWith } from "./failing.js";
import { draftOf, failedWith, partOf, pathsOf, skippedFor, SUCCEEDED, writeOf } from "./job-steps.js";
import { RUN_OUT, type StoreScene } from "./store-scene.js";
import type { Guarantee } from "./suite.js";

/** Collects the writes that a commit passes on. */
const collector = () => {
  const written: string[] = [];
  const results = async (_tx: unknown, writes: readonly AssetWrite[]): Promise<void> =>
    void written.push(...writes.map(({ path }) => path));
  return { written, results };
};

const succeededIn = async (scene: StoreScene, job: Parameters<StoreScene["now"]>[0]): Promise<number> =>
  (await scene.now(job)).tally.types.DITATOPIC?.succeeded ?? 0;

export const COMMIT_GUARANTEES: readonly Guarantee<StoreScene>[] = [
  {
    guarantee: "a commit stores outcomes, counters, log lines and the chunk's end together",
    async check(scene) {
      const job = await scene.discovered(10);
      const part = partOf(await scene.oneChunk(job), {
        outcome: (_asset, i) => (i === 0 ? failedWith("X") : i === 1 ? skippedFor("GONE") : SUCCEEDED),
        lines: [info("one"), info("two")],
      });
      const [answer] = await scene.chunks.commit([part]);
      const now = await scene.now(job);
      deepStrictEqual([answer?.end, answer?.job], ["committed", now]);
      deepStrictEqual(now.tally.types, { DITATOPIC: { total: 10, succeeded: 8, failed: 1, skipped: 1 } });
      deepStrictEqual([now.tally.skips, now.openChunks, now.state.status], [{ GONE: 1 }, 0, "SUCCESS"]);
      const { outcomes } = await scene.reports.outcomes(job.id, { limit: 100 });
      deepStrictEqual(
        outcomes.map(({ outcome }) => outcome),
        ["FAILED", "SKIPPED", ...Array.from({ length: 8 }, () => "SUCCEEDED")],
      );
      const lines = await scene.lines(job);
      deepStrictEqual(lines.length, now.logLines);
      const said = lines.map((line) => line.slice(line.indexOf("] ") + 2));
      deepStrictEqual(said.slice(said.indexOf("one")).slice(0, 2), ["one", "two"]);
    },
  },
  {
    guarantee:
      "a job counts the warnings of outcomes that are stored: not twice when a commit repeats, not if it is lost",
    async check(scene) {
      const job = await scene.discovered(20);
      const warned = { outcome: () => ({ ...SUCCEEDED, warnings: ["a", "b"] }) };
      const [a, b] = await scene.twoChunks(job, RUN_OUT);
      const parts = [partOf(a, { ...warned, indices: [0, 1, 2] }), partOf(b, { ...warned, indices: [0] })];
      await scene.chunks.commit(parts);
      deepStrictEqual((await scene.now(job)).warnings, 8);
      const [again] = await scene.chunks.commit(parts);
      deepStrictEqual([again?.end, again?.job.warnings], ["committed", 8]);
      const taken = await scene.oneChunk(job, { owner: "node-2" });
      await scene.chunks.commit([partOf(a, { ...warned, part: 1, indices: [3, 4] })]);
      deepStrictEqual((await scene.now(job)).warnings, 8, "a lost part is counted");
      await scene.chunks.commit([partOf(taken, warned)]);
      deepStrictEqual((await scene.now(job)).warnings, 8 + 2 * 7);
    },
  },
  {
    guarantee: "a commit of a part leaves the chunk open, and the job counts its outcomes",
    async check(scene) {
      const job = await scene.discovered(10);
      const [answer] = await scene.chunks.commit([partOf(await scene.oneChunk(job), { indices: [2, 3] })]);
      deepStrictEqual([answer?.job.openChunks, answer?.job.state.status], [1, "PROCESSING"]);
      deepStrictEqual(await succeededIn(scene, job), 2);
      deepStrictEqual(await scene.outcomePaths(job), pathsOf(10).slice(2, 4));
    },
  },
  {
    guarantee: "a commit under an old epoch is answered as lost and stores nothing: no outcome, count, line or result",
    async check(scene) {
      const job = await scene.discovered(20);
      const old = await scene.oneChunk(job, RUN_OUT);
      await scene.oneChunk(job, { owner: "node-2" });
      const { written, results } = collector();
      const part = partOf(old, { lines: [info("zombie")], writes: [writeOf("/root/a0000")] });
      const [answer] = await scene.changesNothing(() => scene.chunks.commit([part], results));
      deepStrictEqual([answer?.end, answer?.job], ["lost", await scene.now(job)]);
      deepStrictEqual(written, []);
    },
  },
  {
    guarantee:
      "an old epoch is lost even if the same node holds the chunk again, in the same commit, before or after it",
    async check(scene) {
      for (const first of ["old", "current"]) {
        const job = await scene.discovered(10, { draft: draftOf({}, { paths: [`/${first}`] }) });
        const old = await scene.oneChunk(job, RUN_OUT);
        const current = await scene.oneChunk(job);
        const parts = [
          partOf(old, { indices: [0, 1], closes: false }),
          partOf(current, { indices: [1, 2], closes: false }),
        ];
        const answers = await scene.chunks.commit(first === "old" ? parts : parts.reverse());
        const ends = answers.map(({ end }) => end);
        deepStrictEqual(first === "old" ? ends : ends.reverse(), ["lost", "committed"], `${first} first`);
        deepStrictEqual(await succeededIn(scene, job), 2);
        await scene.chunks.release([current.lease]);
        deepStrictEqual((await scene.oneChunk(job)).open, [0, 3, 4, 5, 6, 7, 8, 9]);
      }
    },
  },
  {
    guarantee: "a lease that expired but was not taken over still commits: the epoch decides",
    async check(scene) {
      const job = await scene.discovered(10);
      const [answer] = await scene.chunks.commit([partOf(await scene.oneChunk(job, RUN_OUT))]);
      deepStrictEqual([answer?.end, await scene.status(job)], ["committed", "SUCCESS"]);
    },
  },
  {
    guarantee: "a commit under a released lease stores nothing",
    async check(scene) {
      const job = await scene.discovered(10);
      const chunk = await scene.oneChunk(job);
      await scene.chunks.release([chunk.lease]);
      const [answer] = await scene.changesNothing(() => scene.chunks.commit([partOf(chunk)]));
      deepStrictEqual(answer?.end, "lost");
      deepStrictEqual((await scene.oneChunk(job)).open.length, 10);
    },
  },
  ...[false, true].map((closes): Guarantee<StoreScene> => ({
    guarantee: `a repeated commit is answered as committed and doubles nothing (${closes ? "closing" : "open"})`,
    async check(scene) {
      const job = await scene.discovered(20);
      const chunk = await scene.oneChunk(job);
      const indices = closes ? chunk.open : [2, 3];
      const part = partOf(chunk, { indices, lines: [info("said once")], writes: [writeOf("/root/a0002")] });
      const first = await scene.chunks.commit([part]);
      const { written, results } = collector();
      const again = await scene.changesNothing(() => scene.chunks.commit([part], results));
      deepStrictEqual(again, first);
      deepStrictEqual(written, []);
    },
  })),
  {
    guarantee: "a commit that is repeated after it finished the job doubles nothing",
    async check(scene) {
      const part = partOf(await scene.oneChunk(await scene.discovered(10)));
      await scene.chunks.commit([part]);
      const [again] = await scene.changesNothing(() => scene.chunks.commit([part]));
      deepStrictEqual([again?.end, again?.job.state.status], ["committed", "SUCCESS"]);
    },
  },
  {
    guarantee: "a lease's parts are stored in sequence: a part that skips one, or is long past, stores nothing",
    async check(scene) {
      const job = await scene.discovered(10);
      const chunk = await scene.oneChunk(job);
      const commit = async (part: number, indices: readonly number[]) =>
        (await scene.chunks.commit([partOf(chunk, { part, indices, closes: false })]))[0]?.end;
      await scene.changesNothing(async () => deepStrictEqual(await commit(1, [0]), "lost"));
      deepStrictEqual([await commit(0, [0]), await commit(1, [1])], ["committed", "committed"]);
      await scene.changesNothing(async () => deepStrictEqual(await commit(0, [0]), "lost"));
      await scene.changesNothing(async () => deepStrictEqual(await commit(3, [5]), "lost"));
      deepStrictEqual(await succeededIn(scene, job), 2);
    },
  },
  {
    guarantee:
      "a lost part is left out while the others of its commit are stored, over several jobs, each answered in place",
    async check(scene) {
      const a = await scene.discovered(30, { draft: draftOf({}, { paths: ["/a"] }) });
      const b = await scene.discovered(10, { draft: draftOf({}, { paths: ["/b"] }) });
      const [, lost, kept] = await scene.claim(a, { owner: "dead" });
      const ofB = await scene.oneChunk(b, { owner: "living" });
      ok(lost && kept, "three chunks could not be claimed");
      await scene.claim(a, { chunks: 2, isKnownDead: (owner) => owner === "dead" }, await scene.another());
      const parts = [ofB, lost, kept].map((claim) =>
        partOf(claim, {
          writes: entriesIn(claim.entries)
            .slice(0, 1)
            .map(({ asset }) => writeOf(asset.path)),
        }),
      );
      const { written, results } = collector();
      const answers = await scene.chunks.commit(parts, results);
      deepStrictEqual(
        answers.map(({ end, job }) => [end, job.id]),
        [
          ["committed", b.id],
          ["lost", a.id],
          ["committed", a.id],
        ],
      );
      deepStrictEqual(await succeededIn(scene, a), 10);
      deepStrictEqual(await scene.status(b), "SUCCESS");
      deepStrictEqual(written.sort(), [pathsOf(1)[0], pathsOf(30)[20]]);
    },
  },
  {
    guarantee: "a commit whose results cannot be written stores nothing at all, and can be repeated",
    async check(scene) {
      const job = await scene.discovered(10);
      const part = partOf(await scene.oneChunk(job), { lines: [info("x")], writes: [writeOf("/root/a0000")] });
      const error = new Error("no room");
      await scene.changesNothing(async () => {
        deepStrictEqual(await rejection(scene.chunks.commit([part], () => Promise.reject(error))), error);
      });
      const { written, results } = collector();
      const [answer] = await scene.chunks.commit([part], results);
      deepStrictEqual([answer?.end, written], ["committed", ["/root/a0000"]]);
    },
  },
  {
    guarantee: "a commit for a job that does not exist fails with JOB_NOT_FOUND and stores nothing of the others",
    async check(scene) {
      const chunk = await scene.oneChunk(await scene.discovered(10));
      const stray = partOf({ ...chunk, lease: { jobId: "nope", chunk: 1, epoch: 1 } });
      await scene.changesNothing(() =>
        rejectsWith(scene.chunks.commit([partOf(chunk), stray]), "JOB_NOT_FOUND", { jobId: "nope" }),
      );
      deepStrictEqual((await scene.chunks.commit([partOf(chunk)]))[0]?.end, "committed");
    },
  },
  {
    guarantee: "an empty commit is answered with an empty list",
    async check(scene) {
      await scene.create();
      await scene.changesNothing(async () => deepStrictEqual(await scene.chunks.commit([]), []));
    },
  },
  {
    guarantee: "a commit that two nodes repeat at once is stored once",
    async check(scene) {
      const job = await scene.discovered(20);
      const other = await scene.another();
      const part = partOf(await scene.oneChunk(job), { lines: [info("said once")] });
      const answers = await Promise.all([scene, other, scene, other].map((on) => on.chunks.commit([part])));
      deepStrictEqual(
        answers.flat().map(({ end }) => end),
        ["committed", "committed", "committed", "committed"],
      );
      deepStrictEqual(await succeededIn(scene, job), 10);
      deepStrictEqual((await scene.lines(job)).filter((line) => line.endsWith("said once")).length, 1);
    },
  },
  {
    guarantee: "a commit that exceeds maxFailures makes the job give up: at zero, the first failure does",
    async check(scene) {
      const job = await scene.discovered(20, { draft: draftOf({}, { maxFailures: 0 }) });
      const [a, b] = await scene.twoChunks(job);
      await scene.chunks.commit([partOf(a, { outcome: () => failedWith("X") })]);
      deepStrictEqual((await scene.now(job)).state, {
        status: "PROCESSING",
        pausing: false,
        givingUp: "10 assets failed, more than 0",
      });
      await scene.chunks.release([b.lease]);
      deepStrictEqual(await scene.status(job), "FAILURE");
    },
  },
];
