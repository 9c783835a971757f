import { deepStrictEqual } from "node:assert/strict";
import type { Job } from "../../core/job/job.js";
import type { JobQuery } from "../../core/ports/job-store.js";
import { draftAt, idsOf } from "./job-steps.js";
import type { StoreScene } from "./store-scene.js";
import type { Guarantee } from "./suite.js";

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
          first.map(({ id }) => id),
          ids.slice(0, limit),
        );
        const rest = await idsOf(scene.jobs, { beforeSequence: first.at(-1)?.sequence ?? 0 });
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
];
