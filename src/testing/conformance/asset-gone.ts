import { deepStrictEqual } from "node:assert/strict";
import type { Scope } from "../../core/asset/scope.js";
import type { AssetPlot } from "./asset-plot.js";
import { applied, type ResultGuarantee, writeOf } from "./result-steps.js";

/** Removes what is gone, page by page. Returns the number of removed results. */
async function forgotten(plot: AssetPlot, scope: Scope, limit = 500, exceptJob = "now"): Promise<number> {
  let removed = 0;
  let after: string | undefined;
  do {
    const page = await plot.repository.forgetGone?.(scope, { limit, exceptJob, ...(after ? { after } : {}) });
    if (!page) throw new Error("the flag `forgetsGone` needs `forgetGone`");
    removed += page.removed;
    after = page.next;
  } while (after !== undefined);
  return removed;
}

/** Puts these assets, writes results about each, and removes some of the assets. Returns what tells which results are there. */
async function processed(plot: AssetPlot, paths: readonly string[], gone: readonly string[]) {
  const planted = await plot.plant(paths);
  await applied(
    plot,
    planted.map((path) => writeOf(path)),
  );
  for (const path of gone) await plot.remove(plot.at(path));
  return async (): Promise<readonly string[]> => {
    const results = await plot.repository.results(planted);
    return planted.filter((_, i) => results[i] !== undefined).map((path) => path.slice(plot.root.length));
  };
}

export const GONE_GUARANTEES: readonly ResultGuarantee[] = [
  {
    guarantee:
      "results of assets that are gone are removed, whatever the page size, and no others; a repetition removes none",
    needs: "forgetsGone",
    async check(plot) {
      for (const limit of [1, 2, 3, 500]) {
        const inner = plot.inner(`by-${limit}`);
        const left = await processed(
          inner,
          ["/a", "/b/c", "/b/d", "/b-c", "/e", "/f/ü"],
          ["/a", "/b/d", "/b-c", "/f/ü"],
        );
        deepStrictEqual(await forgotten(inner, inner.scope(), limit), 4);
        deepStrictEqual(await left(), ["/b/c", "/e"]);
        deepStrictEqual(await forgotten(inner, inner.scope(), limit), 0);
      }
    },
  },
  {
    guarantee: "results about paths beside the scope's roots, or excluded from it, stay when their assets are gone",
    needs: "forgetsGone",
    async check(plot) {
      const all = ["/in/a", "/in/out/b", "/in/outer", "/in-side", "/other", "/single", "/single-x"];
      const left = await processed(plot, all, all);
      const scope = plot.scope([plot.at("/in"), plot.at("/single")], [plot.at("/in/out")]);
      deepStrictEqual(await forgotten(plot, scope, 1), 3);
      deepStrictEqual(await left(), ["/in/out/b", "/in-side", "/other", "/single-x"]);
      deepStrictEqual(await forgotten(plot, plot.scope([plot.at("/in/out/b")], [plot.at("/in/out")])), 0);
    },
  },
  {
    guarantee: "results of gone assets are removed below each root of a scope, however the names of the roots sort",
    needs: "forgetsGone",
    async check(plot) {
      const all = ["/p/a", "/p-q/b", "/p.r", "/p0/c"];
      const left = await processed(plot, all, all);
      deepStrictEqual(await forgotten(plot, plot.scope(["/p", "/p-q", "/p.r"].map((root) => plot.at(root))), 1), 3);
      deepStrictEqual(await left(), ["/p0/c"]);
      deepStrictEqual(await forgotten(plot, plot.scope([plot.at("/p0/c")])), 1, "a root that was an asset itself");
    },
  },
  {
    guarantee: "results that the job itself wrote stay, whatever became of their assets meanwhile",
    needs: "forgetsGone",
    async check(plot) {
      const left = await processed(plot, ["/a", "/b"], []);
      await applied(plot, [writeOf(plot.at("/a"), { jobId: "now" })]);
      for (const path of ["/a", "/b"]) await plot.remove(plot.at(path));
      deepStrictEqual(await forgotten(plot, plot.scope()), 1);
      deepStrictEqual(await left(), ["/a"]);
    },
  },
  {
    guarantee: "an asset in whose place there is a folder now is gone",
    needs: "forgetsGone",
    async check(plot) {
      const left = await processed(plot, ["/a", "/z"], ["/a"]);
      await plot.put("/a/b");
      deepStrictEqual(await forgotten(plot, plot.scope()), 1);
      deepStrictEqual(await left(), ["/z"]);
    },
  },
];
