import { deepStrictEqual, notDeepStrictEqual, ok } from "node:assert/strict";
import { AssetmillError } from "../../core/errors.js";
import type { FileType } from "../../core/asset/file-type.js";
import type { AssetPlot, AssetRepositoryFlag } from "./asset-plot.js";
import { Dice, randomPath, randomTree } from "./random-tree.js";
import { liesWithin, referenceOrder } from "./reference-order.js";
import type { Guarantee } from "./suite.js";

type ScanGuarantee = Guarantee<AssetPlot, AssetRepositoryFlag>;

/** Names that are easily sorted, escaped or looked up incorrectly. */
const TRICKY = [
  ...["/a/b", "/a/b-c/1", "/a/b.c", "/a/c", "/a-b", "/a-b-c/1", "/a.b/1", "/a b", "/a!b", "/a0", "/ab/c", "/A/b"],
  ...["/-", "/--/-", "/.hidden", "/..a/...", "/ ", "/%", "/%41", "/100%/%2F", "/+", "/#", "/a'b", '/a"b', "/$", "/~"],
  ...["/1", "/10", "/2", "/09/9", "/__proto__/constructor", "/__proto__-", "/constructor", "/toString"],
  ...["/é", "/e\u0301", "/\uff5e", "/\uff5e/1", "/\u{10000}", "/\u{1f600}/\u{1f600}", "/\u{2f800}"],
  `/${"long".repeat(30)}`,
];

const SMALL = ["/a/b", "/a/c/1", "/a-b", "/a.b", "/b/1", "/b/2", "/c"];

/** Tests a property on random trees. A failure names the seed. */
async function onRandomTrees(plot: AssetPlot, property: (dice: Dice, tree: AssetPlot) => Promise<void>): Promise<void> {
  const { randomTrees = 25 } = plot.capabilities;
  for (let seed = 1; seed <= randomTrees; seed++) {
    try {
      await property(new Dice(seed), plot.inner(`t${seed}`));
    } catch (error) {
      throw new Error(`on the random tree ${seed}`, { cause: error });
    }
  }
}

/** Paths that are in the tree, or almost. */
const around = (paths: readonly string[], root: string): readonly string[] =>
  paths.flatMap((path) => {
    const parent = path.slice(0, path.lastIndexOf("/"));
    const parents = liesWithin(parent, root) ? [parent, ...(parent === root ? [] : [`${parent}-`])] : [];
    return [path, `${path}x`, ...parents];
  });

export const SCAN_GUARANTEES: readonly ScanGuarantee[] = [
  {
    guarantee: "a scan yields every asset once, in path order, whatever the names and the page size",
    async check(plot) {
      const all = await plot.plant(TRICKY);
      for (const pageSize of [1, 7, 1_000]) deepStrictEqual(await plot.paths(plot.scope(), { pageSize }), all);
    },
  },
  {
    guarantee:
      "path order is not plain string order: a folder's content comes before siblings whose names extend its own",
    async check(plot) {
      const all = await plot.plant(["/a/b", "/a-b", "/a.b/c", "/ab"]);
      deepStrictEqual(await plot.paths(), all);
      notDeepStrictEqual([...all].sort(), all, "a check that cannot fail");
    },
  },
  {
    guarantee: "siblings are in the order of UTF-16 code units, not of code points or numbers",
    async check(plot) {
      const all = await plot.plant(["/\uff5e", "/\u{10000}", "/10", "/9", "/B", "/a"]);
      deepStrictEqual(await plot.paths(), all);
    },
  },
  {
    guarantee: "a scan that resumes after any path that it yielded yields exactly the rest",
    async check(plot) {
      const all = await plot.plant(TRICKY);
      for (const [i, after] of all.entries()) {
        deepStrictEqual(await plot.paths(plot.scope(), { after, pageSize: 50 }), all.slice(i + 1), `after ${after}`);
      }
    },
  },
  {
    guarantee: "a scan that resumes after a path that has been deleted yields exactly the rest",
    async check(plot) {
      const all = await plot.plant(SMALL);
      for (const [i, after] of all.entries()) {
        await plot.remove(after);
        deepStrictEqual(await plot.paths(plot.scope(), { after }), all.slice(i + 1), `after ${after}`);
        await plot.put(after.slice(plot.root.length));
      }
    },
  },
  {
    guarantee: "a scan that starts after any path at all yields exactly the greater ones",
    async check(plot) {
      await onRandomTrees(plot, async (dice, tree) => {
        const all = await tree.plant(randomTree(dice));
        for (let i = 0; i < 4; i++) {
          const after = tree.at(randomPath(dice));
          const greater = all.filter((path) => referenceOrder(path, after) > 0);
          deepStrictEqual(await tree.paths(tree.scope(), { after }), greater, `after ${after}`);
        }
      });
    },
  },
  {
    guarantee: "a scan that starts after a page's `upTo` misses nothing and repeats nothing",
    async check(plot) {
      const all = await plot.plant(SMALL);
      const seen: string[] = [];
      let before: string | undefined;
      for (const { assets, upTo } of await plot.pages(plot.scope(), { pageSize: 2 })) {
        for (const { path } of assets) seen.push(path);
        if (before !== undefined) ok(referenceOrder(before, upTo) < 0, `upTo went back from ${before} to ${upTo}`);
        before = upTo;
        deepStrictEqual([...seen, ...(await plot.paths(plot.scope(), { after: upTo }))], all, `after ${upTo}`);
      }
    },
  },
  {
    guarantee: "a page is never longer than requested",
    async check(plot) {
      const all = await plot.plant(SMALL);
      for (const pageSize of [1, 2, 3, 100]) {
        const pages = await plot.pages(plot.scope(), { pageSize });
        ok(
          pages.every(({ assets }) => assets.length <= pageSize),
          `pages of ${pageSize}`,
        );
        deepStrictEqual(
          pages.flatMap(({ assets }) => [...assets].map(({ path }) => path)),
          all,
        );
      }
    },
  },
  {
    guarantee: "a scan of several roots yields each asset once, in path order, including a root that is an asset",
    async check(plot) {
      const all = await plot.plant(["/a/1", "/a-b/1", "/c", "/d/1", "/d/2"]);
      const roots = ["/d", "/a-b", "/c", "/a", "/a/1"].map((root) => plot.at(root));
      deepStrictEqual(await plot.paths(plot.scope(roots)), all);
      const after = plot.at("/c");
      deepStrictEqual(await plot.paths(plot.scope(roots), { after }), [plot.at("/d/1"), plot.at("/d/2")]);
    },
  },
  {
    guarantee: "a root that is an asset yields only that asset, and nothing once the scan has passed it",
    async check(plot) {
      await plot.plant(["/a/b", "/a/b-c", "/a/bc", "/a/c"]);
      const root = plot.at("/a/b");
      deepStrictEqual(await plot.paths(plot.scope([root])), [root]);
      deepStrictEqual(await plot.paths(plot.scope([root]), { after: root }), []);
    },
  },
  {
    guarantee: "an exclusion leaves out a path and everything below it, by whole segments",
    async check(plot) {
      await plot.plant(["/a/b/1", "/a/b/c/2", "/a/bc/1", "/a/b-c", "/a/d", "/a/d.bak"]);
      const excluded = ["/a/b", "/a/d", "/nowhere"].map((path) => plot.at(path));
      const left = ["/a/b-c", "/a/bc/1", "/a/d.bak"].map((path) => plot.at(path));
      deepStrictEqual(await plot.paths(plot.scope([plot.root], excluded)), left.sort(referenceOrder));
    },
  },
  {
    guarantee: "a root that is excluded, or lies in an excluded path, yields nothing",
    async check(plot) {
      await plot.plant(["/a/b/1", "/c/1"]);
      const scope = plot.scope([plot.at("/a/b"), plot.at("/c")], [plot.at("/a")]);
      deepStrictEqual(await plot.paths(scope), [plot.at("/c/1")]);
      deepStrictEqual(await plot.paths(plot.scope([plot.root], [plot.root])), []);
    },
  },
  {
    guarantee: "any scope yields exactly what its roots cover and its exclusions leave, from any path on",
    async check(plot) {
      await onRandomTrees(plot, async (dice, tree) => {
        const all = await tree.plant(randomTree(dice));
        if (all.length === 0) return;
        const nodes = around(all, tree.root);
        const roots = [dice.pick(nodes), dice.pick(nodes)];
        const excluded = Array.from({ length: dice.roll(4) }, () => dice.pick(nodes));
        const after = dice.roll(2) === 0 ? {} : { after: dice.pick(nodes) };
        const covered = all.filter(
          (path) =>
            roots.some((root) => liesWithin(path, root)) &&
            !excluded.some((folder) => liesWithin(path, folder)) &&
            (after.after === undefined || referenceOrder(path, after.after) > 0),
        );
        const options = { pageSize: 1 + dice.roll(4), ...after };
        const question = JSON.stringify({ all, roots, excluded, ...options });
        deepStrictEqual(await tree.paths(tree.scope(roots, excluded), options), covered, question);
      });
    },
  },
  {
    guarantee: "a filter by file type lets exactly these types through",
    async check(plot) {
      await plot.plant(["/a.dita", "/b.ditamap", "/c/d.md", "/e.png", "/f.html"]);
      const only = (...fileTypes: FileType[]) => plot.paths(plot.scope([plot.root], [], { fileTypes }));
      deepStrictEqual(await only("DITAMAP", "MARKDOWN"), [plot.at("/b.ditamap"), plot.at("/c/d.md")]);
      deepStrictEqual(await only("OTHERS"), [plot.at("/e.png")]);
      deepStrictEqual(await only("DITAVAL"), []);
    },
  },
  {
    guarantee: "a filter by creation time lets exactly what lies within its bounds through, bounds included",
    needs: "creationTimes",
    async check(plot) {
      const times = [1_000_000_000_000, 1_000_000_000_001, 1_600_000_000_000] as const;
      const paths: string[] = [];
      for (const createdMs of times) paths.push(await plot.put(`/${createdMs}`, "x", { createdMs }));
      const [first, second, third] = times;
      const within = (createdFromMs?: number, createdToMs?: number) =>
        plot.paths(
          plot.scope([plot.root], [], {
            fileTypes: [],
            ...(createdFromMs === undefined ? {} : { createdFromMs }),
            ...(createdToMs === undefined ? {} : { createdToMs }),
          }),
        );
      deepStrictEqual(await within(first, first), paths.slice(0, 1));
      deepStrictEqual(await within(second), paths.slice(1));
      deepStrictEqual(await within(undefined, second), paths.slice(0, 2));
      deepStrictEqual(await within(first + 2, third - 1), []);
    },
  },
  {
    guarantee: "a scan yields nothing for an empty tree, a missing root, a root below an asset, or no root",
    async check(plot) {
      deepStrictEqual(await plot.paths(), []);
      const [asset = ""] = await plot.plant(["/a"]);
      for (const roots of [[plot.at("/nowhere")], [`${asset}/below`], [`${asset}x`], []]) {
        deepStrictEqual(await plot.paths(plot.scope(roots)), [], roots.join());
      }
    },
  },
  {
    guarantee:
      "a folder that cannot be read is yielded as one unreadable asset, whatever the filter, and costs nothing else",
    needs: "closedFolders",
    async check(plot) {
      await plot.plant(["/a.dita", "/b/1.dita", "/c/closed/1.dita", "/c/closed/d/2.dita", "/c/e.dita", "/f.dita"]);
      const closed = plot.at("/c/closed");
      await plot.whileClosed(closed, async () => {
        const all = ["/a.dita", "/b/1.dita", "/c/closed", "/c/e.dita", "/f.dita"].map((path) => plot.at(path));
        const assets = await plot.assets();
        deepStrictEqual(
          assets.map(({ path }) => path),
          all,
        );
        deepStrictEqual(
          assets.flatMap(({ path, unreadable }) => (unreadable ? [[path, unreadable.code]] : [])),
          [[closed, "ACCESS_DENIED"]],
        );
        for (const [i, after] of all.entries()) {
          deepStrictEqual(await plot.paths(plot.scope(), { after }), all.slice(i + 1), `after ${after}`);
        }
        deepStrictEqual(await plot.paths(plot.scope([plot.root], [], { fileTypes: ["DITAMAP"] })), [closed]);
        deepStrictEqual(await plot.paths(plot.scope([plot.at("/c")], [closed])), [plot.at("/c/e.dita")]);
      });
    },
  },
  {
    guarantee: "a root that cannot be read ends the scan with an error that names it",
    needs: "closedFolders",
    async check(plot) {
      await plot.plant(["/a/1", "/closed/1"]);
      const closed = plot.at("/closed");
      await plot.whileClosed(closed, async () => {
        const error = await plot.paths(plot.scope([closed])).catch((thrown: unknown) => thrown);
        ok(AssetmillError.is(error), `no error, but ${JSON.stringify(error)}`);
        deepStrictEqual([error.code, error.ids.path], ["ACCESS_DENIED", closed]);
      });
    },
  },
  {
    guarantee: "a scan that is told to stop ends early without an error",
    async check(plot) {
      const all = await plot.plant(SMALL);
      const stop = new AbortController();
      let found = 0;
      for await (const { assets } of plot.repository.scan(plot.scope(), { pageSize: 1, signal: stop.signal })) {
        found += assets.length;
        if (found > 0) stop.abort(new Error("enough"));
      }
      ok(found > 0 && found < all.length, `${found} of ${all.length} were yielded`);
    },
  },
];
