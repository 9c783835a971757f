import { deepStrictEqual } from "node:assert/strict";
import { overlaps, scopeOf } from "../../core/asset/scope.js";
import { AssetmillError } from "../../core/errors.js";
import type { Job } from "../../core/job/job.js";
import { scopeOfRequest } from "../../core/job/job-request.js";
import { resume } from "../../core/job/job-transitions.js";
import { refuseResume } from "../../core/operator/overlap.js";
import { rejection, rejectsWith } from "./failing.js";
import { draftAt, draftOf, idsOf } from "./job-steps.js";
import { Dice } from "./random-tree.js";
import { type StoreScene, STOPS } from "./store-scene.js";
import type { Guarantee } from "./suite.js";

const refusedBy = (scene: StoreScene, job: Job, status: string): Promise<void> =>
  rejectsWith(scene.create(draftOf({ repository: job.repository })), "PATH_BUSY", { jobId: job.id, status });

const refusedAt = (scene: StoreScene, path: string, by: Job): Promise<void> =>
  rejectsWith(scene.create(draftAt(path)), "PATH_BUSY", { jobId: by.id, status: "WAITING" });

/** A path of a small tree, so that scopes often meet. */
const smallPath = (dice: Dice): string =>
  Array.from({ length: 1 + dice.roll(3) }, () => `/${dice.pick(["a", "ab", "a-b", "b"])}`).join("");

export const OVERLAP_GUARANTEES: readonly Guarantee<StoreScene>[] = [
  {
    guarantee: "a creation that is refused stores nothing",
    async check(scene) {
      await scene.create();
      const refused = draftOf({ idempotency: { key: "k", fingerprint: "f" } });
      const error = new Error("refused");
      await scene.changesNothing(async () => {
        const creation = scene.jobs.create(refused, async () => {
          throw error;
        });
        deepStrictEqual(await rejection(creation), error);
      });
      deepStrictEqual(await scene.jobs.get(refused.id), undefined);
      deepStrictEqual(await scene.jobs.byKey("ann", "k"), undefined);
    },
  },
  {
    guarantee: "when many start on one scope at once, on two nodes, one wins, and the others are told which",
    async check(scene) {
      const other = await scene.another();
      // Roots nest, so that whichever comes first overlaps all the others.
      const start = (i: number) => scene.create(draftAt(`/root${"/x".repeat(i % 3)}`), i % 2 ? other : scene);
      const answers = await Promise.allSettled(Array.from({ length: 30 }, (_, i) => start(i)));
      const won = answers.flatMap((answer) => (answer.status === "fulfilled" ? [answer.value.id] : []));
      deepStrictEqual(won.length, 1, `${won.length} starts won`);
      for (const answer of answers) {
        if (answer.status === "fulfilled") continue;
        const reason: unknown = answer.reason;
        deepStrictEqual(AssetmillError.is(reason) && [reason.code, reason.ids.jobId], ["PATH_BUSY", won[0]]);
      }
      deepStrictEqual(await idsOf(scene.jobs, {}), won);
    },
  },
  {
    guarantee: "a job overlaps only with jobs of the same repository and type that process assets",
    async check(scene) {
      await scene.create();
      await scene.create(draftOf({ repository: "folder:/other" }));
      await scene.create(draftOf({}, { type: "OTHER_WORK" }));
      await scene.create(draftOf({ repository: "folder:/dry" }, { dryRun: true }));
      await scene.create(draftOf({ repository: "folder:/dry" }, { listing: { missing: [] } }));
      await scene.create(draftOf({ repository: "folder:/dry" }));
      deepStrictEqual((await idsOf(scene.jobs, {})).length, 6);
    },
  },
  {
    guarantee: "a job overlaps with WAITING, PROCESSING, pausing, PAUSED and CANCELLING jobs",
    async check(scene) {
      const job = await scene.create();
      await refusedBy(scene, job, "WAITING");
      const { lease } = await scene.discovery(job);
      await refusedBy(scene, job, "PROCESSING");
      await scene.stop(job, "pause");
      await refusedBy(scene, job, "PROCESSING");
      await scene.chunks.release([lease]);
      await refusedBy(scene, job, "PAUSED");
      await scene.resume(job);
      await scene.discovery(job);
      await scene.stop(job, "cancel");
      await refusedBy(scene, job, "CANCELLING");
    },
  },
  ...STOPS.filter(([, ends]) => ends !== "PAUSED").map(([how, ends]): Guarantee<StoreScene> => ({
    guarantee: `the overlap is over once the job is ${ends}`,
    async check(scene) {
      const job = await scene.create();
      const { lease } = await scene.discovery(job);
      await scene.stop(job, how);
      await refusedBy(scene, job, (await scene.now(job)).state.status);
      await scene.chunks.release([lease]);
      deepStrictEqual(await scene.status(job), ends);
      deepStrictEqual((await scene.create()).state.status, "WAITING");
    },
  })),
  {
    guarantee: "the rival of a job is the oldest other one that holds an overlapping scope, after a position if asked",
    async check(scene) {
      const first = await scene.create();
      await scene.stop(first, "cancel");
      const second = await scene.create(draftAt("/content/dam/x"));
      const third = await scene.create(draftAt("/content/dam/y"));
      await scene.create(draftAt("/elsewhere"));
      const rivals = async (job: Job, roots: readonly string[], after?: number): Promise<Job | undefined> => {
        let seen: Job | undefined;
        await scene.jobs.update(job.id, async ({ job: now, others }) => {
          seen = await others.oldestRival(scopeOf(roots, [], { fileTypes: [] }), after);
          return { job: now, lines: [] };
        });
        return seen;
      };
      deepStrictEqual(await rivals(first, ["/content"]), second);
      deepStrictEqual(await rivals(first, ["/content"], second.sequence), third);
      deepStrictEqual(await rivals(first, ["/content"], third.sequence), undefined);
      deepStrictEqual(await rivals(second, ["/content"]), third);
      deepStrictEqual(await rivals(first, ["/content/dam/y/below", "/z"]), third);
      deepStrictEqual(await rivals(first, ["/content/dam/xy", "/content/da"]), undefined);
    },
  },
  {
    guarantee: "the rival found among jobs of any scopes is the one that comparing with each job finds",
    async check(scene) {
      const dice = new Dice(15);
      const pick = (length: number): readonly string[] => Array.from({ length }, () => smallPath(dice));
      const jobs: Job[] = [];
      for (let i = 0; i < 60; i++) {
        const request = {
          paths: pick(1 + dice.roll(3)),
          excludedPaths: pick(dice.roll(3)),
          onOverlap: "queue",
        } as const;
        const job = await scene.create(draftOf({}, request));
        if (dice.roll(4) === 0) await scene.stop(job, "cancel");
        else jobs.push(job);
      }
      const asking = await scene.create(draftOf({}, { paths: ["/asking"] }));
      for (let i = 0; i < 100; i++) {
        const scope = scopeOf(pick(1 + dice.roll(3)), pick(dice.roll(3)), { fileTypes: [] });
        const after = dice.roll(60);
        let found: Job | undefined;
        await scene.jobs.update(asking.id, async ({ job, others }) => {
          found = await others.oldestRival(scope, after);
          return { job, lines: [] };
        });
        const expected = jobs.find(
          ({ sequence, request }) => sequence > after && overlaps(scope, scopeOfRequest(request)),
        );
        deepStrictEqual(found?.id, expected?.id);
      }
    },
  },
  {
    guarantee: "a rival is found behind many others that hold a path above or below but exclude it",
    async check(scene) {
      for (let i = 0; i < 70; i++) {
        await scene.create(draftOf({}, { paths: ["/content"], excludedPaths: ["/content/deep"], onOverlap: "queue" }));
      }
      const found = await scene.create(draftAt("/content/deep/one"));
      await refusedAt(scene, "/content/deep", found);
      await scene.stop(found, "cancel");
      deepStrictEqual((await scene.create(draftAt("/content/deep"))).state.status, "WAITING");
    },
  },
  {
    guarantee: "a job with thousands of paths overlaps at each of them, and nowhere else",
    async check(scene) {
      const paths = Array.from({ length: 3_000 }, (_, i) => `/content/folder-${i}/${"deep/".repeat(i % 5)}end`);
      const job = await scene.create(draftOf({}, { paths }));
      for (const path of [paths[0], paths[1_501], paths[2_999]] as string[]) {
        await refusedAt(scene, path, job);
        await refusedAt(scene, `${path}/below`, job);
      }
      await refusedAt(scene, "/content", job);
      await refusedAt(scene, "/content/folder-7", job);
      await scene.create(draftAt("/content/folder-7/beside"));
      await scene.create(draftOf({}, { paths: paths.map((path) => `${path}-not`) }));
    },
  },
  {
    guarantee: "active jobs of any repository and type count, up to a limit, until they end",
    async check(scene) {
      const active = async (most: number): Promise<number> => {
        let count = -1;
        const refused = scene.jobs.create(draftOf(), async (others) => {
          count = await others.active(most);
          throw new Error("only asked");
        });
        await rejection(refused);
        return count;
      };
      deepStrictEqual(await active(5), 0);
      const first = await scene.create();
      await scene.create(draftOf({ repository: "folder:/other" }));
      await scene.create(draftOf({}, { type: "OTHER_WORK", dryRun: true }));
      deepStrictEqual([await active(5), await active(2)], [3, 2]);
      await scene.stop(first, "pause");
      deepStrictEqual(await active(5), 3);
      await scene.stop(first, "cancel");
      deepStrictEqual(await active(5), 2);
    },
  },
  {
    guarantee: "when a start and many resumes race, on two nodes, one wins",
    async check(scene) {
      const other = await scene.another();
      const ended: Job[] = [];
      for (let i = 0; i < 8; i++) ended.push(await scene.stop(await scene.create(), "cancel"));
      const answers = await Promise.allSettled([
        scene.create(),
        ...ended.map(({ id }, i) =>
          (i % 2 ? other : scene).jobs.update(id, async ({ job, others }) => {
            const change = resume(job, "ann");
            await refuseResume(job, others);
            return change;
          }),
        ),
      ]);
      deepStrictEqual(answers.filter(({ status }) => status === "fulfilled").length, 1);
      deepStrictEqual((await idsOf(scene.jobs, { statuses: ["WAITING"] })).length, 1);
    },
  },
];
