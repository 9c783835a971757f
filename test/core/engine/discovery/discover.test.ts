import { expect } from "chai";
import type { Asset } from "../../../../src/core/asset/asset.js";
import { AssetColumns } from "../../../../src/core/asset/asset-columns.js";
import { unreadableAt } from "../../../../src/core/asset/unreadable.js";
import { addTallies, sumOf } from "../../../../src/core/job/tally.js";
import type { Lease } from "../../../../src/core/job/lease.js";
import type { DiscoveryClaim, DiscoveryPage } from "../../../../src/core/job/chunk.js";
import { discover } from "../../../../src/core/engine/discovery/discover.js";
import { entriesIn, type Manifest } from "../../../../src/core/job/manifest.js";
import type { Job } from "../../../../src/core/job/job.js";
import type { ScanPage } from "../../../../src/core/ports/asset-repository.js";
import type { CommitAnswer } from "../../../../src/core/ports/chunk-store.js";
import { SkipRules } from "../../../../src/core/asset/skip-rules.js";
import { assetOf, jobOf, pathsOf } from "../../../support/builders.js";
import { deferred, rejection } from "../../../support/deferred.js";
import { engineTools, noChunks, repositoryOf } from "../../../support/engine-tools.js";
import { ManualClock, quiet } from "../../../support/manual-clock.js";

const LEASE: Lease = { jobId: jobOf().id, chunk: 0, epoch: 3 };

const claimOf = (over: Partial<DiscoveryClaim> = {}): DiscoveryClaim => ({
  lease: LEASE,
  part: 0,
  cursor: undefined,
  nextChunk: 1,
  takenOver: false,
  ...over,
});

interface Options {
  readonly assets?: readonly Asset[];
  readonly pages?: AsyncIterable<readonly Asset[]>;
  /** In place of both. */
  readonly scan?: AsyncIterable<ScanPage>;
  readonly chunkSize?: number;
  readonly job?: Job;
  readonly claim?: DiscoveryClaim;
  readonly signal?: AbortSignal;
  readonly addPage?: (lease: Lease, page: DiscoveryPage) => Promise<CommitAnswer>;
  readonly clock?: ManualClock;
}

async function* pagesOf(assets: readonly Asset[], size: number): AsyncGenerator<readonly Asset[]> {
  for (let i = 0; i < assets.length; i += size) yield assets.slice(i, i + size);
}

async function* scanOf(pages: AsyncIterable<readonly Asset[]>): AsyncGenerator<ScanPage> {
  for await (const assets of pages) yield { assets, upTo: assets.at(-1)?.path ?? "" };
}

function bench(options: Options = {}) {
  const stored: DiscoveryPage[] = [];
  const leases: Lease[] = [];
  const asked: { scope: unknown; options: object }[] = [];
  const answered: CommitAnswer[] = [];
  const chunkSize = options.chunkSize ?? 10;
  const tools = engineTools({
    ...(options.clock ? { clock: options.clock } : {}),
    options: { chunkSize },
    skipRules: new SkipRules({ ignored: ["/root/ignored"] }),
    repository: repositoryOf({
      scan: (scope, scanOptions) => {
        asked.push({ scope, options: scanOptions });
        return options.scan ?? scanOf(options.pages ?? pagesOf(options.assets ?? [], scanOptions.pageSize));
      },
    }),
    chunks: {
      ...noChunks,
      addPage: async (lease, page) => {
        leases.push(lease);
        stored.push(page);
        return options.addPage ? await options.addPage(lease, page) : { end: "committed", job: jobOf() };
      },
    },
  });
  const signal = options.signal ?? new AbortController().signal;
  const run = () =>
    discover(options.job ?? jobOf(), options.claim ?? claimOf(), signal, (answer) => answered.push(answer), tools);
  return { run, stored, leases, asked, answered };
}

const assetsOf = (count: number): Asset[] => pathsOf(count).map((path) => assetOf(path));
const pathsIn = (pages: readonly DiscoveryPage[]): string[] =>
  pages.flatMap((page) => page.chunks.flatMap((chunk) => entriesIn(chunk.entries).map(({ asset }) => asset.path)));

describe("discovery", () => {
  for (const count of [0, 1, 9, 10, 11, 40, 41, 95]) {
    it(`stores each of ${count} assets once, in order, in chunks of at most ten, numbered without gaps`, async () => {
      const { run, stored } = bench({ assets: assetsOf(count) });
      expect(await run()).to.equal("done");
      expect(pathsIn(stored)).to.deep.equal(pathsOf(count));
      const chunks = stored.flatMap((page) => page.chunks);
      expect(chunks.map(({ number }) => number)).to.deep.equal(chunks.map((_, i) => i + 1));
      for (const chunk of chunks) {
        expect(chunk.entries.length).to.be.within(1, 10);
        expect(chunk.open).to.equal(chunk.entries.length);
      }
      expect(stored.map((page) => page.part)).to.deep.equal(stored.map((_, i) => i));
      expect(stored.map((page) => page.complete)).to.deep.equal(stored.map((_, i) => i === stored.length - 1));
      expect(stored.reduce((sum, page) => sum + (page.tally.types.DITATOPIC?.total ?? 0), 0)).to.equal(count);
    });
  }

  it("stores the first chunk as soon as it is complete, and later ones several at a time", async () => {
    const { run, stored } = bench({ assets: assetsOf(1_000) });
    await run();
    expect(stored[0]?.chunks).to.have.length(1);
    expect(stored[1]?.chunks.length).to.be.at.least(4);
    expect(stored.length).to.be.at.most(30);
  });

  it("makes a page of a chunk's size a chunk as it is, and cuts others anew", async () => {
    const columns = AssetColumns.of(assetsOf(10));
    const rest = pathsOf(35)
      .slice(10)
      .map((path) => assetOf(path));
    async function* pages(): AsyncGenerator<ScanPage> {
      yield { assets: columns, upTo: columns.pathAt(9) ?? "" };
      for (const [from, to] of [
        [0, 3],
        [3, 13],
        [13, 14],
        [14, 25],
      ] as const)
        yield { assets: rest.slice(from, to), upTo: rest[to - 1]?.path ?? "" };
    }
    const { run, stored } = bench({ scan: pages() });
    await run();
    const chunks = stored.flatMap((page) => page.chunks);
    expect((chunks[0]?.entries as Manifest).assets).to.equal(columns);
    expect(chunks.map(({ entries }) => entries.length)).to.deep.equal([10, 10, 10, 5]);
    expect(pathsIn(stored)).to.deep.equal(pathsOf(35));
  });

  it("takes a page of any size from a host's repository, also one of more assets than a call takes arguments", async () => {
    const { run, stored } = bench({ assets: assetsOf(1), pages: pagesOf(assetsOf(200_000), 200_000), chunkSize: 500 });
    expect(await run()).to.equal("done");
    expect(pathsIn(stored).length).to.equal(200_000);
  });

  it("stores its progress even if the scope leaves nearly everything out, so that a kill repeats little", async () => {
    const clock = new ManualClock();
    async function* sparse(): AsyncGenerator<ScanPage> {
      for (let i = 0; i < 20; i++) {
        await clock.advance(250);
        yield { assets: i === 10 ? assetsOf(1) : [], upTo: `/root/z${String(i).padStart(2, "0")}` };
      }
    }
    const { run, stored } = bench({ scan: sparse(), clock });
    expect(await run()).to.equal("done");
    expect(stored.length).to.be.at.least(20);
    expect(stored.slice(0, 20).map(({ cursor }) => cursor)).to.deep.equal(
      Array.from({ length: 20 }, (_, i) => `/root/z${String(i).padStart(2, "0")}`),
    );
    expect(pathsIn(stored)).to.deep.equal(pathsOf(1));
    expect(stored.flatMap(({ chunks }) => chunks.map(({ number }) => number))).to.deep.equal([1]);
  });

  it("stores what a slow repository yields within about a second", async () => {
    const clock = new ManualClock();
    const seenMs = new Map<string, number>();
    async function* slowly(): AsyncGenerator<readonly Asset[]> {
      for (const asset of assetsOf(30)) {
        await clock.advance(90);
        seenMs.set(asset.path, clock.monotonicMs());
        yield [asset];
      }
    }
    let longestMs = 0;
    const { run, stored } = bench({
      pages: slowly(),
      clock,
      addPage: async (_lease, page) => {
        for (const path of pathsIn([page])) {
          longestMs = Math.max(longestMs, clock.monotonicMs() - (seenMs.get(path) ?? 0));
        }
        return { end: "committed", job: jobOf() };
      },
    });
    await run();
    expect(longestMs).to.be.at.most(1_100);
    expect(stored.length).to.be.below(30);
  });

  it("stores what was found while the repository takes long for its next page", async () => {
    const clock = new ManualClock();
    async function* hanging(): AsyncGenerator<ScanPage> {
      yield { assets: assetsOf(1), upTo: "/root/a0000" };
      yield { assets: assetsOf(3).slice(1), upTo: "/root/a0002" };
      await clock.sleep(60_000);
      yield { assets: [], upTo: "/root/b" };
      await clock.sleep(60_000);
    }
    const { run, stored } = bench({ scan: hanging(), clock });
    const running = run();
    await quiet();
    await clock.advance(1_000);
    expect(pathsIn(stored)).to.deep.equal(pathsOf(3));
    expect(stored.at(-1)).to.include({ cursor: "/root/a0002", complete: false });
    await clock.advance(10_000);
    const pages = stored.length;
    expect(pages, "no page without progress").to.equal(2);
    await clock.advance(50_000);
    expect(
      stored.slice(pages).map(({ cursor, chunks }) => [cursor, chunks]),
      "only the cursor moved",
    ).to.deep.equal([["/root/b", []]]);
    await clock.advance(60_000);
    expect(await running).to.equal("done");
  });

  it("stops at once while the repository takes long for its next page, and does not wait for it", async () => {
    const stop = new AbortController();
    const clock = new ManualClock();
    async function* hanging(): AsyncGenerator<ScanPage> {
      yield { assets: assetsOf(1), upTo: "/root/a0000" };
      yield { assets: [], upTo: "/root/b" };
      await new Promise(() => {});
    }
    const { run } = bench({ scan: hanging(), clock, signal: stop.signal });
    const running = run();
    await quiet();
    stop.abort(new Error("job is stopping"));
    await clock.advance(1_000);
    expect(await running).to.equal("stopped");
  });

  it("counts hidden files apart: they are no assets", async () => {
    async function* scan(): AsyncGenerator<ScanPage> {
      yield { assets: assetsOf(2), upTo: "/root/b", hidden: 3 };
      yield { assets: [], upTo: "/root/c", hidden: 1 };
    }
    const { run, stored } = bench({ scan: scan() });
    await run();
    const tally = stored.map((page) => page.tally).reduce(addTallies);
    expect([tally.hidden, sumOf(tally).total]).to.deep.equal([4, 2]);
  });

  it("counts what cannot be read as an asset to process, and names it in a dry run", async () => {
    const unreadable = unreadableAt("/root/closed", { code: "ACCESS_DENIED", message: "denied" });
    const real = bench({ assets: [unreadable] });
    await real.run();
    const [chunk] = real.stored[0]?.chunks ?? [];
    expect([chunk?.number, entriesIn(chunk?.entries ?? []), chunk?.open]).to.deep.equal([
      1,
      [{ asset: unreadable }],
      1,
    ]);
    expect(real.stored[0]?.lines).to.equal(undefined);
    const job = jobOf();
    const dry = bench({ assets: [unreadable], job: { ...job, request: { ...job.request, dryRun: true } } });
    await dry.run();
    expect(dry.stored.flatMap(({ lines = [] }) => lines)).to.deep.equal([
      { level: "WARN", message: "Cannot be read: /root/closed: ACCESS_DENIED denied" },
    ]);
  });

  it("stores a single last page, with no chunk and no cursor, if there are no assets", async () => {
    const { run, stored } = bench({ assets: [] });
    await run();
    expect(stored).to.deep.equal([
      {
        part: 0,
        chunks: [],
        first: undefined,
        last: undefined,
        cursor: undefined,
        tally: { types: {}, skips: {} },
        complete: true,
      },
    ]);
  });

  it("stores the last path seen with each page", async () => {
    const { run, stored } = bench({ assets: assetsOf(25) });
    await run();
    let seen = 0;
    for (const page of stored) {
      seen += pathsIn([page]).length;
      expect(page.cursor).to.equal(pathsOf(25)[seen - 1]);
    }
  });

  it("asks for the scope of the request, from the beginning, in pages of one chunk", async () => {
    const request = {
      type: "ASSET_PROCESSING",
      paths: ["/root/b", "/root/a"],
      excludedPaths: ["/root/a/x"],
      filter: { fileTypes: ["DITAMAP" as const], startTime: 1, endTime: 2, filterProcessedAssets: false },
      priority: 5,
    };
    const { run, asked } = bench({ job: jobOf({ request }) });
    await run();
    expect(asked).to.have.length(1);
    expect(asked[0]?.scope).to.deep.equal({
      roots: ["/root/a", "/root/b"],
      excluded: ["/root/a/x"],
      filter: { fileTypes: ["DITAMAP"], createdFromMs: 1, createdToMs: 2 },
    });
    expect(asked[0]?.options).to.include({ pageSize: 10 });
    expect(asked[0]?.options).not.to.have.property("after");
  });

  it("resumes after its cursor and continues the numbering", async () => {
    const claim = claimOf({ part: 7, cursor: "/root/a0041", nextChunk: 12, takenOver: true });
    const { run, asked, stored, leases } = bench({ claim, assets: assetsOf(60).slice(42) });
    await run();
    expect(asked.map(({ options }) => (options as { after?: string }).after)).to.deep.equal(["/root/a0041"]);
    expect(stored[0]?.part).to.equal(7);
    expect(stored.flatMap((page) => page.chunks.map(({ number }) => number))).to.deep.equal([12, 13]);
    expect(new Set(leases)).to.deep.equal(new Set([LEASE]));
  });

  it("keeps its cursor if it resumes and finds nothing more", async () => {
    const { run, stored } = bench({ claim: claimOf({ part: 7, cursor: "/root/a0041", nextChunk: 12 }) });
    await run();
    expect(stored).to.have.length(1);
    expect(stored[0]).to.include({ part: 7, cursor: "/root/a0041", complete: true });
  });

  it("counts what skip rules decide, keeps it in the manifest, and opens no chunk for it alone", async () => {
    const assets = [
      assetOf("/root/a.dita"),
      assetOf("/root/b.dita", { contentFragment: true }),
      ...pathsOf(10, "/root/ignored").map((path) => assetOf(path, { fileType: "OTHERS" })),
    ];
    const { run, stored } = bench({ assets });
    await run();
    const chunks = stored.flatMap((page) => page.chunks);
    expect(pathsIn(stored)).to.deep.equal(assets.map(({ path }) => path));
    expect(chunks.map(({ open }) => open)).to.deep.equal([1, 0]);
    expect(
      entriesIn(chunks[0]?.entries ?? [])
        .map(({ skip }) => skip)
        .slice(0, 3),
    ).to.deep.equal([undefined, "CONTENT_FRAGMENT", "IGNORED_PATH"]);
    const sum = (pick: (page: DiscoveryPage) => number | undefined): number =>
      stored.reduce((total, page) => total + (pick(page) ?? 0), 0);
    expect(sum((page) => page.tally.types.DITATOPIC?.total)).to.equal(2);
    expect(sum((page) => page.tally.types.DITATOPIC?.skipped)).to.equal(1);
    expect(sum((page) => page.tally.types.OTHERS?.skipped)).to.equal(10);
    expect(sum((page) => page.tally.skips.IGNORED_PATH)).to.equal(10);
    expect(sum((page) => page.tally.skips.CONTENT_FRAGMENT)).to.equal(1);
  });

  it("passes on every answer of the store", async () => {
    const { run, stored, answered } = bench({ assets: assetsOf(50) });
    await run();
    await quiet();
    expect(answered).to.have.length(stored.length);
  });

  it("stores one page after the other, and reads ahead by no more than one", async () => {
    const gate = deferred<CommitAnswer>();
    let read = 0;
    async function* counted(): AsyncGenerator<readonly Asset[]> {
      for await (const page of pagesOf(assetsOf(5_000), 10)) {
        read += page.length;
        yield page;
      }
    }
    let calls = 0;
    const { run, stored } = bench({
      pages: counted(),
      addPage: () => (++calls === 1 ? gate.promise : Promise.resolve({ end: "committed", job: jobOf() })),
    });
    const running = run();
    await quiet();
    expect(stored).to.have.length(1);
    expect(read).to.be.at.most(500);
    gate.resolve({ end: "committed", job: jobOf() });
    expect(await running).to.equal("done");
    expect(pathsIn(stored)).to.deep.equal(pathsOf(5_000));
  });

  it("stores nothing more once its lease is lost", async () => {
    const { run, stored } = bench({
      assets: assetsOf(500),
      addPage: async (_lease, page) => ({ end: page.part === 1 ? "lost" : "committed", job: jobOf() }),
    });
    expect(await run()).to.equal("lost");
    expect(stored).to.have.length(2);
  });

  it("reports that it lost its lease with the last page", async () => {
    const { run } = bench({ assets: assetsOf(3), addPage: async () => ({ end: "lost", job: jobOf() }) });
    expect(await run()).to.equal("lost");
  });

  it("stores no last page if it is told to stop", async () => {
    const stop = new AbortController();
    async function* stopping(): AsyncGenerator<readonly Asset[]> {
      for await (const page of pagesOf(assetsOf(500), 10)) {
        yield page;
        if (page[0]?.path === "/root/a0100") {
          stop.abort(new Error("job is stopping"));
          return;
        }
      }
    }
    const { run, stored } = bench({ pages: stopping(), signal: stop.signal });
    expect(await run()).to.equal("stopped");
    expect(stored.some((page) => page.complete)).to.equal(false);
  });

  it("ends with the repository's error, and stores no last page", async () => {
    const error = new Error("disk on fire");
    async function* failing(): AsyncGenerator<readonly Asset[]> {
      yield* pagesOf(assetsOf(10), 10);
      throw error;
    }
    const { run, stored } = bench({ pages: failing() });
    expect(await rejection(run())).to.equal(error);
    expect(stored.map((page) => page.complete)).to.deep.equal([false]);
  });

  it("ends with the store's error", async () => {
    const error = new Error("store on fire");
    const { run } = bench({ assets: assetsOf(500), addPage: () => Promise.reject(error) });
    expect(await rejection(run())).to.equal(error);
  });
});
