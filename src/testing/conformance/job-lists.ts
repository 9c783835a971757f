import { deepStrictEqual, ok } from "node:assert/strict";
import type { Job } from "../../core/job/job.js";
import { listedJob, type ListedJob, LISTED_PATHS } from "../../core/job/listed-job.js";
import { cancel, pause } from "../../core/job/job-transitions.js";
import { JOB_PAGE_BYTES } from "../../core/job/page-limits.js";
import type { JobQuery } from "../../core/ports/job-store.js";
import { claimDiscovery, draftAt, draftOf, idsOf } from "./job-steps.js";
import type { StoreScene } from "./store-scene.js";
import type { Guarantee } from "./suite.js";

/** Of such requests, a page holds two. */
const REQUEST_BYTES = 1_500_000;

/** A list of so many paths, which together have about so many characters. */
const long = (count: number, characters = REQUEST_BYTES): readonly string[] =>
  Array.from({ length: count }, (_, i) => `/root/${String(i).padStart(characters / count, "x")}`);

/** Guarantees for lists of jobs. */
export const LIST_GUARANTEES: readonly Guarantee<StoreScene>[] = [
  {
    guarantee: "a list is ordered newest first, cut at its limit, and continues before a job exactly where it was cut",
    async check(scene) {
      const ids: string[] = [];
      for (let i = 0; i < 5; i++) ids.unshift((await scene.create(draftAt(`/r${i}`))).id);
      for (let limit = 1; limit <= 6; limit++) {
        const first = await scene.jobs.list({ limit });
        deepStrictEqual(
          first.jobs.map(({ id }) => id),
          ids.slice(0, limit),
        );
        deepStrictEqual(first.more, limit < ids.length, `more after ${limit}`);
        const rest = await idsOf(scene.jobs, { beforeSequence: first.jobs.at(-1)?.sequence ?? 0 });
        deepStrictEqual(rest, ids.slice(limit), `after ${limit}`);
      }
    },
  },
  {
    guarantee: "a list contains exactly the jobs that meet all its conditions",
    async check(scene) {
      const a = await scene.create(draftAt("/x/a", {}, { repository: "folder:/a" }));
      const b = await scene.create(draftAt("/x/b", { dryRun: true }, { repository: "folder:/b", createdBy: "bob" }));
      const c = await scene.create(draftAt("/x/ab", { type: "OTHER_WORK" }, { repository: "folder:/b" }));
      const d = await scene.create(draftAt("/y", { paths: ["/y", "/x/a/deep"], type: "THIRD" }));
      const e = await scene.create(draftAt("/list", { type: "ASSET_STATUS", listing: { missing: [] } }));
      await scene.stop(b, "cancel");
      const all = [e, d, c, b, a];
      const expectations: readonly (readonly [Partial<JobQuery>, readonly Job[]])[] = [
        [{}, all],
        [{ statuses: ["WAITING", "PAUSED"] }, [e, d, c, a]],
        [{ statuses: ["CANCELLED"] }, [b]],
        [{ statuses: [] }, []],
        [{ repository: "folder:/b" }, [c, b]],
        [{ ids: [a.id, "nope", c.id] }, [c, a]],
        [{ ids: [] }, []],
        [{ type: "OTHER_WORK" }, [c]],
        [{ typesNot: ["OTHER_WORK", "ASSET_STATUS"] }, [d, b, a]],
        [{ type: "THIRD", typesNot: ["THIRD"] }, []],
        [{ path: "/x/a" }, [d, a]],
        [{ path: "/x" }, [d, c, b, a]],
        [{ path: "/" }, all],
        [{ path: "/%" }, []],
        [{ createdBy: "bob" }, [b]],
        [{ holding: true }, [d, c, a]],
        [{ holding: true, path: "/x/a", typesNot: ["THIRD"] }, [a]],
        [{ repository: "folder:/b", createdBy: "ann" }, [c]],
      ];
      for (const [query, jobs] of expectations) {
        const expected = jobs.map(({ id }) => id);
        deepStrictEqual(await idsOf(scene.jobs, query), expected, JSON.stringify(query));
      }
    },
  },
  {
    guarantee: "a list by path tells a line break or a backslash in a name from the end of a path",
    async check(scene) {
      const broken = await scene.create(draftAt("/x\n/y"));
      const pair = await scene.create(draftAt("/x", { paths: ["/x", "/y"], type: "OTHER_WORK" }));
      const slash = await scene.create(draftAt("/x\\n/y", { type: "THIRD" }));
      const expectations: readonly (readonly [string, readonly Job[]])[] = [
        ["/x\n/y", [broken]],
        ["/x\n", [broken]],
        ["/x\\n", [slash]],
        ["/x", [pair]],
        ["/y", [pair]],
      ];
      for (const [path, jobs] of expectations) {
        const expected = jobs.map(({ id }) => id);
        deepStrictEqual(await idsOf(scene.jobs, { path }), expected, JSON.stringify(path));
      }
    },
  },
  {
    guarantee: "a page of large jobs ends before it is too large, and the next one continues exactly there",
    async check(scene) {
      const ids: string[] = [];
      for (let i = 0; i < 6; i++) {
        // One alone is larger than a page.
        const excludedPaths = long(LISTED_PATHS, i === 3 ? JOB_PAGE_BYTES + 10_000 : REQUEST_BYTES);
        ids.unshift((await scene.create(draftAt(`/r${i}`, { excludedPaths }))).id);
      }
      for (const limit of [2, 1_000]) {
        const seen: string[] = [];
        let pages = 0;
        for (let before: Pick<JobQuery, "beforeSequence"> = {}, more = true; more; pages++) {
          ok(pages <= ids.length, "the pages do not end");
          const page = await scene.jobs.list({ limit, ...before });
          const bytes = JSON.stringify(page.jobs).length;
          ok(page.jobs.length <= 1 || bytes <= JOB_PAGE_BYTES, `${page.jobs.length} jobs in ${bytes} bytes`);
          ok(page.jobs.length > 0, "an empty page, although there are more jobs");
          seen.push(...page.jobs.map(({ id }) => id));
          before = { beforeSequence: page.jobs.at(-1)?.sequence ?? 0 };
          ({ more } = page);
        }
        deepStrictEqual(seen, ids);
        ok(pages < ids.length, "a page for each job");
      }
    },
  },
  {
    guarantee: "a list shows the first 100 of a request's paths and their number, and all else as it is",
    async check(scene) {
      const jobs: ListedJob[] = [];
      for (const [i, count] of [1, LISTED_PATHS, LISTED_PATHS + 1, 1_000].entries()) {
        const filter = { fileTypes: [], filterProcessedAssets: true };
        const lists = { paths: long(count, 9_000), excludedPaths: long(1_001 - count, 9_000) };
        const job = await scene.create(draftOf({ repository: `folder:/${i}` }, { ...lists, filter, priority: 2 }));
        deepStrictEqual((await scene.jobs.get(job.id))?.request, job.request);
        jobs.unshift(listedJob(job));
      }
      deepStrictEqual((await scene.jobs.list({ limit: 9 })).jobs, jobs);
    },
  },
  {
    guarantee: "exactly those jobs are stopping whose handlers are being told to stop",
    async check(scene) {
      const [waiting, going, cancelling, pausing, other] = [
        await scene.create(draftAt("/a")),
        await scene.create(draftAt("/b")),
        await scene.create(draftAt("/c")),
        await scene.create(draftAt("/d")),
        await scene.create(draftAt("/e")),
      ];
      for (const job of [going, cancelling, pausing, other]) await claimDiscovery(scene, job);
      for (const job of [cancelling, other])
        await scene.jobs.update(job.id, ({ job, facts }) => cancel(job, "ann", facts));
      await scene.jobs.update(pausing.id, ({ job, facts }) => pause(job, "ann", facts));
      const asked = [waiting.id, going.id, cancelling.id, pausing.id, "nope"];
      deepStrictEqual([...(await scene.jobs.stopping(asked))].sort(), [cancelling.id, pausing.id].sort());
      deepStrictEqual(await scene.jobs.stopping([]), []);
    },
  },
];
