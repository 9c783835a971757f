import { deepStrictEqual, match, ok } from "node:assert/strict";
import { MAX_PATH_BYTES, pathBytes } from "../../core/asset/path-length.js";
import { AssetmillError } from "../../core/errors.js";
import { contentOf } from "./asset-content.js";
import type { AssetPlot, AssetRepositoryFlag } from "./asset-plot.js";
import { incoming, sinkOf } from "./asset-sink.js";
import { deepSiblings, longPaths, tooLongPath } from "./long-paths.js";
import { liesWithin, referenceOrder } from "./reference-order.js";
import { applied, writeOf } from "./result-steps.js";
import type { Guarantee } from "./suite.js";

const maxOf = ({ capabilities }: AssetPlot): number =>
  Math.min(capabilities.maxPathBytes ?? MAX_PATH_BYTES, MAX_PATH_BYTES);

const isSlow = ({ capabilities }: AssetPlot): boolean => (capabilities.randomTrees ?? 25) < 25;

/** Plants paths that begin with the plot's root. */
const plant = (plot: AssetPlot, paths: readonly string[]): Promise<readonly string[]> =>
  plot.plant(paths.map((path) => path.slice(plot.root.length)));

export const LONG_PATH_GUARANTEES: readonly Guarantee<AssetPlot, AssetRepositoryFlag>[] = [
  {
    guarantee: "paths of up to 4,096 bytes, of any characters, are scanned in path order, whatever the page size",
    async check(plot) {
      const all = await plant(plot, longPaths(plot.root, maxOf(plot)));
      deepStrictEqual(Math.max(...all.map(pathBytes)), maxOf(plot), "a check that cannot fail");
      for (const pageSize of isSlow(plot) ? [5] : [1, 5, 1_000])
        deepStrictEqual(await plot.paths(plot.scope(), { pageSize }), all);
    },
  },
  {
    guarantee: "a scan that resumes after a long path yields exactly the rest",
    async check(plot) {
      const all = await plant(plot, longPaths(plot.root, maxOf(plot)));
      // Where requests are slow, a few positions: a scan lists hundreds of folders.
      const step = Math.ceil(all.length / (isSlow(plot) ? 2 : 5));
      for (const [i, after] of all.entries()) {
        if (i % step !== 0) continue;
        deepStrictEqual(await plot.paths(plot.scope(), { after, pageSize: 4 }), all.slice(i + 1));
        const before = after.replace(/.$/u, "");
        const greater = all.filter((path) => referenceOrder(path, before) > 0);
        deepStrictEqual(await plot.paths(plot.scope(), { after: before, pageSize: 4 }), greater);
      }
    },
  },
  {
    guarantee:
      "assets that share all but the last bytes of a long path are scanned in order, by pages and with a filter",
    async check(plot) {
      const all = await plant(plot, deepSiblings(plot.root, 30, maxOf(plot)));
      const folder = (all[0] ?? "").slice(0, all[0]?.lastIndexOf("/"));
      for (const pageSize of isSlow(plot) ? [7] : [1, 7, 30]) {
        deepStrictEqual(await plot.paths(plot.scope(), { pageSize }), all);
        deepStrictEqual(await plot.paths(plot.scope([folder]), { pageSize }), all);
      }
      const [tenth = "", last = ""] = [all[9], all.at(-1)];
      deepStrictEqual(await plot.paths(plot.scope([last, tenth])), [tenth, last]);
      const only = (fileType: "MARKDOWN" | "DITAMAP") =>
        plot.paths(plot.scope([plot.root], [tenth], { fileTypes: [fileType], createdFromMs: 0 }), { pageSize: 4 });
      deepStrictEqual(await only("MARKDOWN"), all.toSpliced(9, 1));
      deepStrictEqual(await only("DITAMAP"), []);
    },
  },
  {
    guarantee: "an exclusion with a long path leaves out what lies within it, and a root with a long path all else",
    async check(plot) {
      const all = await plant(plot, longPaths(plot.root, maxOf(plot)));
      const [plain = ""] = longPaths(plot.root, maxOf(plot));
      for (const share of [0.3, 0.95, 1]) {
        const end = share === 1 ? plain.length : plain.lastIndexOf("/", Math.floor(plain.length * share));
        const folder = plain.slice(0, end);
        const [inside, outside] = [true, false].map((is) => all.filter((path) => liesWithin(path, folder) === is));
        ok(inside?.includes(plain), "a check that cannot fail");
        deepStrictEqual(await plot.paths(plot.scope([folder])), inside);
        deepStrictEqual(await plot.paths(plot.scope([plot.root], [folder])), outside);
      }
    },
  },
  {
    guarantee: "assets with long paths are found by `stat` and read, and their folders are found; near misses are not",
    async check(plot) {
      const all = await plant(plot, longPaths(plot.root, maxOf(plot)));
      const nodes = await plot.repository.stat(all);
      deepStrictEqual(
        nodes.map((node) => node?.kind === "asset" && node.asset.path),
        all,
      );
      for (const path of all) deepStrictEqual((await contentOf(plot, path)).toString(), path.slice(plot.root.length));
      const folders = all.map((path) => path.slice(0, path.lastIndexOf("/")));
      const misses = all.map((path) => path.replace(/.$/u, "="));
      deepStrictEqual(
        (await plot.repository.stat([...folders, ...misses])).map((node) => node?.kind),
        [...folders.map(() => "folder"), ...misses.map(() => undefined)],
      );
    },
  },
  {
    guarantee: "results about assets with long paths are written, and written again, each under its own path",
    async check(plot) {
      const all = [...(await plant(plot, longPaths(plot.root, maxOf(plot))))].sort(referenceOrder);
      for (const round of [1, 2]) {
        await applied(
          plot,
          all.map((path, i) => writeOf(path, { properties: { i, [`round${round}`]: true } })),
        );
      }
      deepStrictEqual(
        (await plot.repository.results(all)).map((result) => [result?.path, result?.properties]),
        all.map((path, i) => [path, { i, round1: true, round2: true }]),
      );
    },
  },
  {
    guarantee: "an asset whose path has more than 4,096 bytes cannot be put, and does not stop the others",
    needs: "sink",
    async check(plot) {
      const [long = ""] = longPaths(plot.root, maxOf(plot));
      const tooLong = tooLongPath(plot.root);
      const puts = [long, tooLong, plot.at("/short")].map((path) => incoming(path, "content"));
      const ends = await sinkOf(plot).put(puts);
      deepStrictEqual(
        ends.map((end) => (AssetmillError.is(end) ? [end.code, end.ids.path] : end.end)),
        ["created", ["WRITE_FAILED", tooLong], "created"],
      );
      match(AssetmillError.is(ends[1]) ? ends[1].message : "", /at most 4,096 bytes .* not 4,097/);
      deepStrictEqual(
        (await sinkOf(plot).put(puts)).map((end) => "end" in end && end.end),
        ["unchanged", false, "unchanged"],
      );
      deepStrictEqual(await plot.paths(), [long, plot.at("/short")].sort(referenceOrder));
    },
  },
];
