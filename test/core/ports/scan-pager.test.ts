import { expect } from "chai";
import fc from "fast-check";
import type { Asset } from "../../../src/core/asset/asset.js";
import { comparePaths } from "../../../src/core/asset/path.js";
import type { ScanOptions, ScanPage } from "../../../src/core/ports/asset-repository.js";
import { ScanPager } from "../../../src/core/ports/scan-pager.js";
import { rejection } from "../../support/deferred.js";
import { ManualClock } from "../../support/manual-clock.js";
import { anyName, referenceOrder } from "../../support/path-order.js";

const assetAt = (path: string): Asset => ({ path, fileType: "OTHERS", sizeBytes: 0, createdMs: 0, modifiedMs: 0 });

interface Step {
  readonly path: string;
  readonly isAsset?: boolean;
  /** What the walk takes to get here. */
  readonly afterMs?: number;
}

describe("the pages of a scan", () => {
  let nowMs: number;
  beforeEach(() => {
    nowMs = 1_000;
  });

  /** A walk as the repositories write it. */
  function* walk(steps: readonly Step[], options: ScanOptions): Generator<ScanPage> {
    const pager = new ScanPager(options, () => nowMs);
    for (const { path, isAsset = true, afterMs = 0 } of steps) {
      if (pager.isAborted) return;
      nowMs += afterMs;
      pager.add(path, isAsset ? assetAt(path) : undefined);
      if (pager.isDue) yield* pager.page();
    }
    yield* pager.rest();
  }
  const pagesOf = (steps: readonly Step[], options: ScanOptions): [paths: string[], upTo: string][] =>
    [...walk(steps, options)].map(({ assets, upTo }) => [[...assets].map(({ path }) => path), upTo]);

  it("are full but for the last, and each reaches up to its last path", () => {
    const steps = ["/a", "/b", "/c", "/d", "/e"].map((path) => ({ path }));
    expect(pagesOf(steps, { pageSize: 2 })).to.deep.equal([
      [["/a", "/b"], "/b"],
      [["/c", "/d"], "/d"],
      [["/e"], "/e"],
    ]);
  });

  it("contain every asset of the walk once, in order, whatever the page size and the duration of a step", () => {
    const anyWalk = fc.uniqueArray(
      fc.record({ name: anyName, isAsset: fc.boolean(), afterMs: fc.constantFrom(0, 1, 150, 400) }),
      { selector: ({ name }) => name, maxLength: 40 },
    );
    fc.assert(
      fc.property(anyWalk, fc.integer({ min: 1, max: 7 }), (found, pageSize) => {
        const steps = found
          .map(({ name, ...step }) => ({ path: `/${name}`, ...step }))
          .sort((a, b) => referenceOrder(a.path, b.path));
        const pages = pagesOf(steps, { pageSize });
        expect(pages.flatMap(([paths]) => paths)).to.deep.equal(
          steps.filter(({ isAsset }) => isAsset).map(({ path }) => path),
        );
        let before: string | undefined;
        for (const [paths, upTo] of pages) {
          expect(paths.length).to.be.at.most(pageSize);
          expect(paths.every((path) => comparePaths(path, upTo) <= 0)).to.equal(true);
          if (before !== undefined) for (const path of paths) expect(comparePaths(path, before)).to.be.above(0);
          before = upTo;
        }
      }),
    );
  });

  it("arrive after 200 ms at the latest, even if empty, and say how far the walk is", () => {
    const steps = [
      { path: "/a", isAsset: false, afterMs: 150 },
      { path: "/a/b", isAsset: false, afterMs: 51 },
      { path: "/a/c", afterMs: 201 },
      { path: "/a/d", afterMs: 200 },
    ];
    expect(pagesOf(steps, { pageSize: 100 })).to.deep.equal([
      [[], "/a/b"],
      [["/a/c"], "/a/c"],
      [["/a/d"], "/a/d"],
    ]);
  });

  it("are not made smaller by a slow reader", () => {
    const steps = ["/a", "/b", "/c", "/d"].map((path) => ({ path }));
    const sizes: number[] = [];
    for (const { assets } of walk(steps, { pageSize: 2 })) {
      sizes.push(assets.length);
      nowMs += 5_000;
    }
    expect(sizes).to.deep.equal([2, 2]);
  });

  it("never end before the path at which the scan resumed, however long the way there took", () => {
    const steps = [
      { path: "/a", isAsset: false, afterMs: 500 },
      { path: "/a/b", isAsset: false, afterMs: 500 },
      { path: "/a/b/d", afterMs: 500 },
    ];
    expect(pagesOf(steps, { pageSize: 100, after: "/a/b/c" })).to.deep.equal([
      [[], "/a/b/c"],
      [[], "/a/b/c"],
      [["/a/b/d"], "/a/b/d"],
    ]);
  });

  it("end without the assets at hand once the scan is aborted", () => {
    const stop = new AbortController();
    const steps = ["/a", "/b", "/c", "/d", "/e"].map((path) => ({ path }));
    const paths: string[] = [];
    for (const { assets } of walk(steps, { pageSize: 2, signal: stop.signal })) {
      paths.push(...[...assets].map(({ path }) => path));
      stop.abort();
    }
    expect(paths).to.deep.equal(["/a", "/b"]);
    const pager = new ScanPager({ pageSize: 2, signal: stop.signal }, () => nowMs);
    pager.add("/a", assetAt("/a"));
    expect([...pager.rest()]).to.deep.equal([]);
  });

  it("do not exist if the walk finds nothing, and none is due before there is a position", () => {
    expect(pagesOf([], { pageSize: 1 })).to.deep.equal([]);
    const pager = new ScanPager({ pageSize: 1 }, () => nowMs);
    nowMs += 10_000;
    expect(pager.isDue).to.equal(false);
  });

  it("count what is hidden once, also after the last asset", () => {
    const pager = new ScanPager({ pageSize: 2 }, () => nowMs);
    pager.add("/a", assetAt("/a"));
    pager.hide("/b");
    expect([...pager.page()]).to.deep.equal([{ assets: [assetAt("/a")], upTo: "/b", hidden: 1 }]);
    pager.hide("/c");
    expect([...pager.rest()]).to.deep.equal([{ assets: [], upTo: "/c", hidden: 1 }]);
  });

  describe("during a call of the repository", () => {
    const clock = (): ManualClock => new ManualClock();

    /** What is yielded while a call takes so long, and what the call answers. */
    async function during(found: readonly string[], callMs: number): Promise<[pages: ScanPage[], answer: string]> {
      const time = clock();
      const pager = new ScanPager({ pageSize: 100 }, () => time.monotonicMs(), time.sleep.bind(time));
      for (const path of found) pager.add(path, assetAt(path));
      const walk = pager.during(time.sleep(callMs).then(() => "listed"));
      const pages: ScanPage[] = [];
      for (;;) {
        const next = walk.next();
        await time.advance(callMs);
        const { done, value } = await next;
        if (done) return [pages, value];
        pages.push(value);
      }
    }

    it("are cut if it takes long, with all that was found so far", async () => {
      const [pages, answer] = await during(["/a", "/b"], 5_000);
      expect(answer).to.equal("listed");
      expect(pages.map(({ assets, upTo }) => [assets.length, upTo])).to.deep.equal([[2, "/b"]]);
    });

    it("are not cut if it is quick, or if nothing was found", async () => {
      expect(await during(["/a"], 100)).to.deep.equal([[], "listed"]);
      expect(await during([], 5_000)).to.deep.equal([[], "listed"]);
    });

    it("do not hide that the call failed", async () => {
      const pager = new ScanPager(
        { pageSize: 1 },
        () => nowMs,
        () => Promise.resolve(),
      );
      pager.add("/a", assetAt("/a"));
      const walk = pager.during(Promise.resolve().then(() => Promise.reject(new Error("disk on fire"))));
      const error = await rejection(
        (async () => {
          while (!(await walk.next()).done);
        })(),
      );
      expect(String(error)).to.include("disk on fire");
    });
  });
});
