import { deepStrictEqual, ok } from "node:assert/strict";
import type { Job, JobState } from "../../core/job/job.js";
import type { JobRequest } from "../../core/job/job-request.js";
import { cancel, pause } from "../../core/job/job-transitions.js";
import { leadsTo } from "../../core/job/lifecycle.js";
import { info } from "../../core/job/log-entry.js";
import { rejection, rejectsWith } from "./failing.js";
import { ATTENDANCE_GUARANTEES } from "./job-attendance.js";
import { KEY_GUARANTEES } from "./job-keys.js";
import { LIST_GUARANTEES } from "./job-lists.js";
import { OVERLAP_GUARANTEES } from "./job-overlap.js";
import { draftAt, draftOf } from "./job-steps.js";
import { type StoreScene } from "./store-scene.js";
import type { Guarantee } from "./suite.js";

type JobStoreGuarantee = Guarantee<StoreScene>;

/** Every shape that a request can have. */
const REQUESTS: readonly Partial<JobRequest>[] = [
  { paths: ["/b", "/a"], excludedPaths: ["/a/x"], priority: 0 },
  { filter: { fileTypes: ["DITAMAP", "HTML/CSS"], startTime: 1, endTime: 2, filterProcessedAssets: true } },
  { filter: { fileTypes: [], filterProcessedAssets: false }, priority: 9 },
  { maxFailures: "33.5%" },
  { maxFailures: 0 },
  { dryRun: true },
  { onOverlap: "queue" },
  { failedOf: "22222222-2222-4222-8222-222222222222" },
  { type: "ASSET_STATUS", listing: { missing: ["/root/x"] } },
  { paths: ["/a'b\"c\\d/ü%_?;--/\u{1f600}\u{2f800}"] },
];

const TALLY = { total: 4, succeeded: 1, failed: 1, skipped: 1 };

/** Every state of a job, with a value in every field that can change. */
const CHANGES: readonly Partial<Job>[] = [
  { state: { status: "WAITING" } },
  { state: { status: "CANCELLING" }, counting: "PROCESSING" },
  { state: { status: "PAUSED" }, warnings: 3_000_000_000, attempt: 3, attemptBase: { failed: 2, processed: 5 } },
  { state: { status: "PROCESSING", pausing: false }, startedAtMs: 1_761_291_362_776, triggered: 500 },
  { state: { status: "PROCESSING", pausing: true }, openChunks: 7, progressLoggedAtMs: 1_761_291_362_777 },
  { state: { status: "PROCESSING", pausing: false, givingUp: "too 'bad'\n\u{1f600}" } },
  { state: { status: "SUCCESS", completedAtMs: 1_761_291_362_778 }, counting: "SUCCESS", comments: "all 'done'" },
  { state: { status: "FAILURE", completedAtMs: 1 }, counting: "FAILURE", found: { first: "/a", last: "/b c" } },
  { state: { status: "CANCELLED", completedAtMs: 2 }, tally: { types: { "HTML/CSS": TALLY }, skips: { GONE: 1 } } },
  {
    pace: {
      types: {
        DITAMAP: { assets: 1.5, bytes: 2e9, busyMs: 0.25, sizeSquares: 4e18, products: 5e8, timeSquares: 0.0625 },
      },
      earlier: { MARKDOWN: { assets: 3, bytes: 1 / 3, busyMs: 7 } },
      spans: [{ wallMs: 2.5, busyMs: 5, idleMs: 0, workMs: 1 / 3, variance: 0.5 }],
      assets: 1 / 3,
      workedMs: 2.5,
      lastAtMs: 1_761_291_362_779,
    },
  },
];

/** Steps that lead to most of these states. */
const PROCESSING: JobState = { status: "PROCESSING", pausing: false };

export const JOB_STORE_GUARANTEES: readonly JobStoreGuarantee[] = [
  {
    guarantee: "a job that is to follow one that does not exist (any more) is refused, and nothing is stored",
    async check(scene) {
      const draft = draftOf({ restartedFrom: "22222222-2222-4222-8222-222222222222" });
      await scene.changesNothing(async () => {
        await rejectsWith(scene.create(draft), "JOB_NOT_FOUND", { jobId: "22222222-2222-4222-8222-222222222222" });
      });
    },
  },
  {
    guarantee: "a created job is WAITING, has not started, matches its request, and is what `get` returns",
    async check(scene) {
      const origin = await scene.create(draftOf({}, { paths: ["/elsewhere"] }));
      const draft = draftOf({ handlers: ["h", "i"], restartedFrom: origin.id });
      const job = await scene.create(draft);
      const { createdAtMs, sequence, pace, ...rest } = job;
      ok(createdAtMs > 1_000_000_000_000 && Number.isSafeInteger(createdAtMs), `created at ${createdAtMs}`);
      ok(Number.isSafeInteger(sequence), `sequence ${sequence}`);
      deepStrictEqual([pace.assets, pace.workedMs, pace.lastAtMs], [0, 0, 0]);
      deepStrictEqual(rest, {
        ...draft,
        state: { status: "WAITING" },
        startedAtMs: 0,
        claimedAtMs: 0,
        attempt: 1,
        comments: "",
        counting: "WAITING",
        tally: { types: {}, skips: {} },
        triggered: 0,
        openChunks: 0,
        warnings: 0,
        attemptBase: { failed: 0, processed: 0 },
        progressLoggedAtMs: 0,
        logLines: 1,
      });
      deepStrictEqual(await scene.jobs.get(draft.id), job);
      ok(!("restartedFrom" in (await scene.create(draftAt("/other")))), "what a draft left out is there");
    },
  },
  {
    guarantee: "a created job knows what the last ended job with its cost key left behind, and no other",
    async check(scene) {
      const left = { assets: 30, bytes: 60, busyMs: 90 };
      const ended = async (path: string, costKey: string, assets: number): Promise<Job> => {
        const { id } = await scene.create(draftAt(path, {}, { costKey }));
        const sums = { ...left, assets, sizeSquares: 1, products: 1, timeSquares: 1 };
        return scene.jobs.update(id, ({ job, facts }) => {
          const change = cancel(job, "ann", facts);
          return { ...change, job: { ...change.job, pace: { ...job.pace, types: { DITAMAP: sums } } } };
        });
      };
      deepStrictEqual((await scene.create(draftAt("/first", {}, { costKey: "k" }))).pace.earlier, undefined);
      await ended("/older", "k", 99);
      const last = await ended("/newer", "k", 30);
      await ended("/other", "of another kind", 98);
      await scene.create(draftAt("/waits", {}, { costKey: "k" }));
      const heirs = [draftAt("/heir", {}, { costKey: "k" }), draftAt("/again", {}, { restartedFrom: last.id })];
      for (const draft of heirs) {
        deepStrictEqual((await scene.create(draft)).pace.earlier, { DITAMAP: left });
        deepStrictEqual((await scene.jobs.get(draft.id))?.pace.earlier, { DITAMAP: left });
      }
      deepStrictEqual((await scene.create(draftAt("/stranger"))).pace.earlier, undefined);
    },
  },
  {
    guarantee: "`now` is the time by which jobs are dated",
    async check(scene) {
      const before = await scene.jobs.now();
      const { createdAtMs } = await scene.create(draftOf());
      const after = await scene.jobs.now();
      ok(before <= createdAtMs && createdAtMs <= after, `created at ${createdAtMs}, between ${before} and ${after}`);
    },
  },
  {
    guarantee: "every shape of a request is read as it was stored",
    async check(scene) {
      for (const [i, request] of REQUESTS.entries()) {
        const draft = draftOf({ repository: `folder:/${i}`, createdBy: `'ann' "\\ ü \u{1f600}` }, request);
        await scene.create(draft);
        const job = await scene.jobs.get(draft.id);
        deepStrictEqual([job?.request, job?.createdBy], [draft.request, draft.createdBy]);
      }
    },
  },
  {
    guarantee: "every state of a job, and every field that may change, is read as it was stored",
    async check(scene) {
      for (const [i, change] of CHANGES.entries()) {
        const { id } = await scene.create(draftOf({ repository: `folder:/${i}` }));
        const { state } = change;
        if (state && !leadsTo("WAITING", state.status)) {
          await scene.jobs.update(id, ({ job }) => ({ job: { ...job, state: PROCESSING }, lines: [] }));
        }
        const changed = await scene.jobs.update(id, ({ job }) => ({ job: { ...job, ...change }, lines: [] }));
        for (const job of [changed, await scene.jobs.get(id)]) {
          deepStrictEqual(job && Object.fromEntries(Object.keys(change).map((key) => [key, job[key as keyof Job]])), {
            ...change,
          });
        }
      }
    },
  },
  {
    guarantee: "a change of status that the lifecycle denies is refused as INTERNAL and stores nothing",
    async check(scene) {
      const { id } = await scene.create();
      await scene.changesNothing(async () => {
        const state = { status: "SUCCESS", completedAtMs: 1 } as const;
        const lines = [info("Ended SUCCESS")];
        await rejectsWith(
          scene.jobs.update(id, ({ job }) => ({ job: { ...job, state }, lines })),
          "INTERNAL",
          { jobId: id, status: "WAITING" },
        );
      });
    },
  },
  {
    guarantee: "a created job has its request as the first line of its log",
    async check(scene) {
      const lines = await scene.lines(await scene.create());
      deepStrictEqual(lines.length, 1);
      ok(/INFO: \[ASSET_PROCESSING\] Started by ann: path=\/root$/.test(lines[0] ?? ""), lines[0]);
    },
  },
  {
    guarantee: "the warnings about a created job's request are counted, and follow the first line of its log",
    async check(scene) {
      const job = await scene.create(draftOf({ warnings: ["No /a", "No\n/b"] }));
      deepStrictEqual(job.warnings, 2);
      const lines = await scene.lines(job);
      deepStrictEqual(lines.length, 3);
      ok(/WARN: \[ASSET_PROCESSING\] No \/a$/.test(lines[1] ?? ""), lines[1]);
      ok(/WARN: \[ASSET_PROCESSING\] No\\n\/b$/.test(lines[2] ?? ""), lines[2]);
    },
  },
  {
    guarantee: "a job is durable before its creation is answered: another node sees it, and each change to it",
    async check(scene) {
      const other = await scene.another();
      const job = await scene.create();
      deepStrictEqual(await other.jobs.get(job.id), job);
      const paused = await scene.stop(job, "pause");
      deepStrictEqual(await other.jobs.get(job.id), paused);
    },
  },
  {
    guarantee: "an unknown id returns no job, and changing it fails with JOB_NOT_FOUND",
    async check(scene) {
      deepStrictEqual(await scene.jobs.get("nope"), undefined);
      const update = scene.jobs.update("nope", ({ job }) => ({ job, lines: [] }));
      await rejectsWith(update, "JOB_NOT_FOUND", { jobId: "nope" });
    },
  },
  {
    guarantee: "an update stores the decision with its log lines, and returns the job as it is now",
    async check(scene) {
      const { id } = await scene.create();
      const paused = await scene.jobs.update(id, ({ job, facts }) => pause(job, "bob", facts));
      deepStrictEqual(paused.state, { status: "PAUSED" });
      deepStrictEqual(await scene.jobs.get(id), paused);
      const lines = await scene.lines(paused);
      deepStrictEqual(lines.length, paused.logLines);
      ok(lines.at(-1)?.endsWith("Paused by bob"), lines.at(-1));
    },
  },
  {
    guarantee: "an update whose decision throws changes nothing, and fails with that error",
    async check(scene) {
      const { id } = await scene.create();
      const error = new Error("decided against");
      await scene.changesNothing(async () => {
        const update = scene.jobs.update(id, () => {
          throw error;
        });
        deepStrictEqual(await rejection(update), error);
      });
    },
  },
  {
    guarantee: "an update sees whether a row of the job is leased, and the database's time",
    async check(scene) {
      const job = await scene.create();
      const facts = async () => {
        let seen = { leased: false, nowMs: 0 };
        await scene.jobs.update(job.id, (view) => {
          seen = view.facts;
          return { job: view.job, lines: [] };
        });
        return seen;
      };
      const before = await facts();
      ok(before.nowMs >= job.createdAtMs && before.nowMs < job.createdAtMs + 60_000, `now ${before.nowMs}`);
      deepStrictEqual(before.leased, false);
      const discovery = await scene.discovery(job);
      deepStrictEqual((await facts()).leased, true);
      await scene.chunks.release([discovery.lease]);
      deepStrictEqual((await facts()).leased, false);
    },
  },
  {
    guarantee: "updates are applied one after the other: when many run at once, on two nodes, none is lost",
    async check(scene) {
      const { id } = await scene.create();
      const other = await scene.another();
      const add = (on: Pick<StoreScene, "jobs">) =>
        on.jobs.update(id, ({ job }) => ({ job: { ...job, triggered: job.triggered + 1 }, lines: [] }));
      await Promise.all(Array.from({ length: 40 }, (_, i) => add(i % 2 ? other : scene)));
      deepStrictEqual((await scene.jobs.get(id))?.triggered, 40);
    },
  },
  {
    guarantee: "a change of status is a compare-and-set: when many run at once, exactly one finds the old status",
    async check(scene) {
      const job = await scene.create();
      const other = await scene.another();
      const answers = await Promise.allSettled(
        Array.from({ length: 10 }, (_, i) =>
          (i % 2 ? other : scene).jobs.update(job.id, (view) => pause(view.job, `${i}`, view.facts)),
        ),
      );
      deepStrictEqual(answers.filter(({ status }) => status === "fulfilled").length, 1);
      deepStrictEqual((await scene.lines(job)).length, 2);
    },
  },
  ...LIST_GUARANTEES,
  ...OVERLAP_GUARANTEES,
  ...KEY_GUARANTEES,
  ...ATTENDANCE_GUARANTEES,
];
