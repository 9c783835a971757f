import { expect } from "chai";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { FolderReader } from "../../../src/adapters/assets/folder/index.js";
import { PiscinaHandlerThreads } from "../../../src/adapters/threads/index.js";
import { LargerThanListed } from "../../../src/core/engine/asset/asset-context.js";
import { AssetFailure, AssetmillError } from "../../../src/core/errors.js";
import type { ThreadEnd, ThreadFailure, ThreadWork } from "../../../src/core/ports/handler-threads.js";
import { assetOf } from "../../support/builders.js";
import { journalledThreads } from "../../support/journalled-threads.js";
import { repositoryOf } from "../../support/engine-tools.js";
import { tempFolder } from "../../support/temp-folder.js";

describe("batches of assets in worker threads", () => {
  let folder = "";
  let remove = async (): Promise<void> => {};
  let threads: PiscinaHandlerThreads | undefined;
  const asked: string[] = [];

  before(async () => {
    ({ folder, remove } = await tempFolder());
    mkdirSync(join(folder, "tree", "sub"), { recursive: true });
    for (let i = 0; i < 40; i++) writeFileSync(join(folder, "tree", `${i}`), `content ${i}`);
  });
  after(() => remove());
  beforeEach(() => void (asked.length = 0));
  afterEach(async () => {
    await threads?.close();
    threads = undefined;
  });

  let handled: () => readonly string[] = () => [];

  function withHandler(body: string, options?: { threads?: number; memoryMb?: number }): PiscinaHandlerThreads {
    ({ threads, journal: handled } = journalledThreads(folder, body, options));
    return threads;
  }

  /** Works on the tree's files. The main thread's repository notes each question. */
  async function works(count: number, over: Partial<ThreadWork> = {}): Promise<readonly ThreadWork[]> {
    const { inThread } = await FolderReader.at({ folder: join(folder, "tree") });
    const signal = new AbortController().signal;
    const repository = {
      ...repositoryOf({
        read: (path) => {
          asked.push(`read ${path}`);
          throw new AssetmillError("GONE", "asset not found", { ids: { path } });
        },
        stat: async (paths) => {
          asked.push(`stat ${paths.join(" ")}`);
          return paths.map(() => undefined);
        },
      }),
      inThread,
    };
    return Array.from({ length: count }, (_, i) => ({
      handler: "h",
      asset: assetOf(`/${i}`),
      jobId: "job",
      type: "ASSET_PROCESSING",
      attempt: 1,
      deadlineMs: 20_000,
      maxContentBytes: 1_000_000,
      mostBytes: 1_000,
      signal,
      logger: { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} },
      repository,
      ...over,
    }));
  }

  /** Hands all over; resolves when each has ended. Rejects if one ends twice. */
  const endsOf = (pool: PiscinaHandlerThreads, all: readonly ThreadWork[]): Promise<(ThreadEnd | ThreadFailure)[]> =>
    new Promise((done, failed) => {
      const ends: (ThreadEnd | ThreadFailure)[] = [];
      let left = all.length;
      pool.batches.run(all, (index, end) => {
        if (ends[index]) failed(new Error(`${index} ended twice`));
        ends[index] = end;
        if (--left === 0) done(ends);
      });
    });

  const textOf = (end: ThreadEnd | ThreadFailure | undefined): unknown =>
    end && "returned" in end ? end.returned?.properties?.text : end?.error;

  it("are read in the thread, links and hints included, with no question to the main thread", async () => {
    const pool = withHandler(
      `return { properties: {
         text: await context.text(), file: await context.repository.exists("/1"), folder: await context.repository.exists("/sub"),
         gone: await context.repository.exists("/gone"), like: (await context.repository.similar("/SUB")) ?? "",
       } };`,
    );
    const ends = await endsOf(pool, await works(40));
    expect(ends.map(textOf)).to.deep.equal(Array.from({ length: 40 }, (_, i) => `content ${i}`));
    expect(ends[39]).to.deep.include({
      returned: { properties: { text: "content 39", file: true, folder: true, gone: false, like: "/sub" } },
      others: { "/1": true, "/sub": true, "/gone": false },
    });
    expect((ends[39] as ThreadEnd).contentHash).to.match(/^sha256:[0-9a-f]{64}$/);
    expect((ends[39] as ThreadEnd).busyMs).to.be.greaterThan(0);
    expect(asked).to.deep.equal([]);
  });

  it("have the repository say why a content cannot be read", async () => {
    const pool = withHandler(`return { properties: { text: await context.text() } };`);
    const [end] = await endsOf(pool, await works(1, { asset: assetOf("/not-there") }));
    const error = (end as ThreadFailure).error;
    expect(AssetmillError.is(error) && [error.code, error.ids.path]).to.deep.equal(["GONE", "/not-there"]);
    expect(asked).to.deep.equal(["read /not-there"]);
  });

  it("leave content that is larger than allowed to a run of its own", async () => {
    writeFileSync(join(folder, "tree", "grown"), "x".repeat(1_001));
    const pool = withHandler(`return { properties: { text: await context.text() } };`);
    const [end] = await endsOf(pool, await works(1, { asset: assetOf("/grown") }));
    const error = (end as ThreadFailure).error;
    expect(error instanceof LargerThanListed && error.sizeBytes).to.equal(1_001);
  });

  it("return results of all sizes, also those that do not fit beside the others", async () => {
    const pool = withHandler(
      `return { properties: { text: asset.path + "é".repeat(Number(asset.path.slice(1)) % 2 === 0 ? 10 : 100_000) } };`,
    );
    const ends = await endsOf(pool, await works(20));
    expect(ends.map((end) => String(textOf(end)).length)).to.deep.equal(
      Array.from({ length: 20 }, (_, i) => `/${i}`.length + (i % 2 === 0 ? 10 : 100_000)),
    );
  });

  it("lose only the asset that kills its thread, three times: all others run once and keep their results", async () => {
    const pool = withHandler(`if (asset.path === "/25") process.exit(7); return { properties: { text: asset.path } };`);
    const ends = await endsOf(pool, await works(40));
    const error = (ends[25] as ThreadFailure).error;
    expect(AssetFailure.is(error) && error.code).to.equal("POISON");
    expect(ends.flatMap((end, i) => (textOf(end) === `/${i}` ? [] : [i]))).to.deep.equal([25]);
    expect(handled().filter((path) => path === "/25")).to.have.length(3);
    expect(new Set(handled()).size).to.equal(40);
    expect(handled()).to.have.length(40 + 2);
  });

  it("fail only the asset that loops beyond its deadline", async () => {
    const pool = withHandler(`if (asset.path === "/5") for (;;); return { properties: { text: asset.path } };`);
    const ends = await endsOf(pool, await works(12, { deadlineMs: 500 }));
    const error = (ends[5] as ThreadFailure).error;
    expect(AssetFailure.is(error) && error.code).to.equal("DEADLINE");
    expect(ends.flatMap((end, i) => (textOf(end) === `/${i}` ? [] : [i]))).to.deep.equal([5]);
    expect(handled()).to.have.length(12);
  });

  it("keep what has ended when they are told to stop, and start nothing more", async () => {
    const pool = withHandler(
      `if (asset.path === "/3") await new Promise((over) => context.signal.addEventListener("abort", over));
       return { properties: { text: asset.path } };`,
    );
    const stop = new AbortController();
    const ended = endsOf(pool, await works(40, { signal: stop.signal }));
    while (!handled().includes("/3")) await sleep(10);
    stop.abort(new Error("enough"));
    const ends = await ended;
    expect(ends.slice(0, 3).map(textOf)).to.deep.equal(["/0", "/1", "/2"]);
    expect(ends.slice(4).map(textOf)).to.deep.equal(Array.from({ length: 36 }, () => stop.signal.reason));
    expect(handled()).to.have.length(4);
  });

  it("start nothing if they are told so before, and end when the threads are closed", async () => {
    const pool = withHandler(`await new Promise(() => {});`);
    const told = await endsOf(pool, await works(3, { signal: AbortSignal.abort(new Error("no")) }));
    expect(told.map((end) => ((end as ThreadFailure).error as Error).message)).to.deep.equal(["no", "no", "no"]);
    expect(handled()).to.deep.equal([]);
    const ended = endsOf(pool, await works(3));
    while (handled().length === 0) await sleep(10);
    await pool.close();
    for (const end of await ended) expect((end as ThreadFailure).error).to.have.property("code", "UNAVAILABLE");
  });

  it("can be closed at any time while threads start: the process goes on", async () => {
    for (const afterMs of [0, 20, 60, 120, 200]) {
      const pool = withHandler("", { threads: 2 });
      const warm = pool.batches.warm().catch(() => {});
      await sleep(afterMs);
      await pool.close();
      await warm;
    }
  });

  it("are warm once a thread has loaded its handlers; one that cannot be loaded says so", async () => {
    const pool = withHandler("", { threads: 2 });
    expect(pool.batches.isWarm).to.equal(false);
    await Promise.all([pool.batches.warm(), pool.batches.warm()]);
    expect(pool.batches.isWarm).to.equal(true);
    await pool.close();
    threads = new PiscinaHandlerThreads({ threads: 1, memoryMb: 128, modules: ["file:///not/there.mjs"] });
    const failed = await threads.batches.warm().catch((error: unknown) => error);
    expect(failed).to.be.an("error");
  });
});
