import { expect } from "chai";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { PiscinaHandlerThreads } from "../../../src/adapters/threads/index.js";
import { AssetFailure, AssetmillError, RetryableError, SkipAsset } from "../../../src/core/errors.js";
import type { ThreadEnd, ThreadWork } from "../../../src/core/ports/handler-threads.js";
import { assetOf } from "../../support/builders.js";
import { journalledThreads } from "../../support/journalled-threads.js";
import { rejection } from "../../support/deferred.js";
import { repositoryOf } from "../../support/engine-tools.js";
import { until } from "../../support/manual-clock.js";
import { tempFolder } from "../../support/temp-folder.js";

describe("handlers in worker threads", () => {
  let folder = "";
  let remove = async (): Promise<void> => {};
  let threads: PiscinaHandlerThreads | undefined;
  const logged: string[] = [];

  before(async () => ({ folder, remove } = await tempFolder()));
  after(() => remove());
  afterEach(async () => {
    await threads?.close();
    threads = undefined;
  });

  let journal: () => readonly string[] = () => [];

  /** Threads with one handler, `h`, whose `process` has this body; each of its calls is in the journal. */
  function withHandler(body: string, options?: { threads?: number; memoryMb?: number }): PiscinaHandlerThreads {
    ({ threads, journal } = journalledThreads(folder, body, options));
    return threads;
  }

  const workOf = (path: string, over: Partial<ThreadWork> = {}): ThreadWork => ({
    handler: "h",
    asset: assetOf(path),
    jobId: "job",
    type: "ASSET_PROCESSING",
    attempt: 1,
    deadlineMs: 5_000,
    maxContentBytes: 1_000_000,
    signal: new AbortController().signal,
    logger: {
      debug: (line) => void logged.push(`debug ${line}`),
      info: (line) => void logged.push(`info ${line}`),
      warn: (line) => void logged.push(`warn ${line}`),
      error: (line) => void logged.push(`error ${line}`),
    },
    repository: {
      ...repositoryOf({
        stat: async (paths) =>
          paths.map((one) => (one === "/gone" ? undefined : { kind: "asset", asset: assetOf(one) })),
      }),
      similar: async (path) => (path === "/gone" ? "/Gone" : undefined),
    },
    ...over,
  });

  const ends = (
    works: readonly ThreadWork[],
    pool: PiscinaHandlerThreads,
  ): Promise<PromiseSettledResult<ThreadEnd>[]> => Promise.allSettled(works.map((work) => pool.run(work)));

  it("have the whole context: content, other assets, log, attempt, errors; and return their results", async () => {
    const pool = withHandler(
      `if (asset.path === "/skip") throw context.skip("not mine");
       if (asset.path === "/fail") throw context.fail("MY_CODE", "why");
       if (asset.path === "/retry") throw context.retry("later");
       if (asset.path === "/boom") throw new TypeError("boom");
       if (asset.path === "/missing") await context.repository.text("/missing");
       if (asset.path === "/odd") return { properties: { n: {} } };
       if (asset.path === "/extra") return { properties: {}, extra: () => 1 };
       if (asset.path === "/function") return { references: [{ kind: "topic", target: "/t", f: () => 1 }] };
       context.logger.warn("hello");
       let pieces = 0;
       for await (const piece of context.stream()) pieces += piece.length;
       const { isMainThread } = await import("node:worker_threads");
       return { properties: {
         text: await context.text(), bytes: (await context.bytes()).length, pieces, isMainThread,
         other: await context.repository.text("/other"), there: await context.repository.exists("/other"),
         gone: await context.repository.exists("/gone"), like: await context.repository.similar("/gone"), attempt: context.attempt, job: context.jobId,
         type: context.type, deadline: context.deadlineMs, aborted: context.signal.aborted,
       } };`,
    );
    const end = await pool.run(workOf("/a", { attempt: 2 }));
    expect(end.returned).to.deep.equal({
      properties: {
        text: "/a",
        bytes: 2,
        pieces: 2,
        isMainThread: false,
        other: "/other",
        there: true,
        gone: false,
        like: "/Gone",
        attempt: 2,
        job: "job",
        type: "ASSET_PROCESSING",
        deadline: 5_000,
        aborted: false,
      },
    });
    expect(end.contentHash).to.match(/^sha256:[0-9a-f]{64}$/);
    expect(Object.keys(end.others).sort()).to.deep.equal(["/gone", "/other"]);
    expect(end.others["/gone"]).to.equal(false);
    expect(end.others["/other"]).to.match(/^sha256:[0-9a-f]{64}$/);
    expect(end.busyMs).to.be.greaterThan(0);
    expect(logged).to.deep.equal(["warn /a: hello"]);
    expect(SkipAsset.is(await rejection(pool.run(workOf("/skip"))))).to.equal(true);
    expect(RetryableError.is(await rejection(pool.run(workOf("/retry"))))).to.equal(true);
    const failed = await rejection(pool.run(workOf("/fail")));
    expect(AssetFailure.is(failed) && failed.code).to.equal("MY_CODE");
    expect(await rejection(pool.run(workOf("/boom")))).to.have.property("message", "boom");
    expect(((await rejection(pool.run(workOf("/odd")))) as Error).message).to.match(/property n must be/);
    expect(((await rejection(pool.run(workOf("/extra")))) as Error).message).to.match(/no field "extra"/);
    expect(((await rejection(pool.run(workOf("/function")))) as Error).message).to.match(/could not be cloned/);
    const gone = new AssetmillError("GONE", "vanished", { ids: { path: "/missing" } });
    const repository = repositoryOf({
      read: () => {
        throw gone;
      },
    });
    const met = await rejection(pool.run(workOf("/missing", { repository })));
    expect(AssetmillError.is(met) && [met.code, met.ids, met.message]).to.deep.equal(["GONE", gone.ids, "vanished"]);
  });

  it("read a plain file themselves, and have the repository interpret read errors", async () => {
    const pool = withHandler(`return { properties: { text: await context.text() } };`);
    const file = join(folder, "content");
    writeFileSync(file, "from the file");
    const read = await pool.run(workOf("/a", { file }));
    expect(read.returned).to.deep.equal({ properties: { text: "from the file" } });
    const large = join(folder, "large");
    writeFileSync(large, Buffer.alloc(700_000, "x"));
    const whole = await pool.run(workOf("/a", { file: large }));
    expect((whole.returned as any).properties.text).to.have.length(700_000);
    const asked = await pool.run(workOf("/a", { file: join(folder, "not-there") }));
    expect(asked.returned).to.deep.equal({ properties: { text: "/a" } });
  });

  it("decode text as it says, and return the warning or the failure", async () => {
    const pool = withHandler(`return { properties: { text: await context.text() } };`);
    const decoded = async (text: string): Promise<ThreadEnd> =>
      pool.run(workOf("/a", { bytes: Buffer.from(text, "latin1") }));
    const latin1 = "<?xml version='1.0' encoding='latin1'?>\xe9";
    expect(await decoded(latin1)).to.deep.include({
      returned: { properties: { text: latin1 } },
      textWarning: undefined,
    });
    expect(await decoded("\xef\xbb\xbf<?xml version='1.0' encoding='latin1'?>")).to.deep.include({
      textWarning: "the XML declaration says latin1, the byte order mark UTF-8; decoded as UTF-8",
    });
    const failed = await rejection(decoded("caf\xe9"));
    expect(AssetmillError.is(failed) && [failed.code, failed.ids.path]).to.deep.equal(["ENCODING_INVALID", "/a"]);
  });

  it("return results of any size whole and in order, whatever lists are in them", async () => {
    const body = `const list = (length, name) => Array.from({ length }, (_, i) => name + i);
       return {
         properties: { first: "x", long: list(12_345, "l"), short: list(3, "s"), last: list(5_001, "z") },
         references: list(20_001, "/t").map((target) => ({ kind: "topic", target })),
         warnings: list(150, "w"),
       };`;
    const { returned } = await withHandler(body).run(workOf("/a"));
    const list = (length: number, name: string): string[] => Array.from({ length }, (_, i) => name + i);
    expect(Object.keys(returned?.properties ?? {})).to.deep.equal(["first", "long", "short", "last"]);
    expect(returned).to.deep.equal({
      properties: { first: "x", long: list(12_345, "l"), short: list(3, "s"), last: list(5_001, "z") },
      references: list(20_001, "/t").map((target) => ({ kind: "topic", target })),
      warnings: list(100, "w"),
      moreWarnings: 50,
    });
  });

  it("fail an asset that yields too much in the thread, before the main thread receives it", async () => {
    const pool = withHandler(`return { properties: { ids: Array.from({ length: 100_001 }, (_, i) => "i" + i) } };`);
    const error = await rejection(pool.run(workOf("/a")));
    expect(AssetFailure.is(error) && error.code).to.equal("RESULT_TOO_LARGE");
  });

  it("send no more of a message than an outcome has", async () => {
    const pool = withHandler(`throw new Error("x".repeat(5_000_000));`);
    expect(((await rejection(pool.run(workOf("/a")))) as Error).message).to.have.length(1_000);
  });

  it("get content that is already in memory", async () => {
    const pool = withHandler(`return { properties: { text: await context.text() } };`);
    const bytes = Buffer.from("handed over");
    expect((await pool.run(workOf("/a", { bytes }))).returned).to.deep.equal({ properties: { text: "handed over" } });
    expect(bytes.toString(), "the main thread's own copy").to.equal("handed over");
  });

  it("end only the looping thread at the deadline: its asset alone is DEADLINE, and the others run once", async () => {
    const pool = withHandler(`if (asset.path === "/2") for (;;);`);
    const works = [0, 1, 2, 3, 4, 5].map((i) => workOf(`/${i}`, { deadlineMs: 300 }));
    const all = await ends(works, pool);
    expect(all.map(({ status }) => status).join()).to.equal(
      "fulfilled,fulfilled,rejected,fulfilled,fulfilled,fulfilled",
    );
    const reason = (all[2] as PromiseRejectedResult).reason as AssetFailure;
    expect([reason.code, reason.message]).to.deep.equal([
      "DEADLINE",
      "not finished within 300 ms; its thread was terminated",
    ]);
    expect([...journal()].sort()).to.deep.equal(["/0", "/1", "/2", "/3", "/4", "/5"]);
  });

  it("blame the repository, and no asset, for a deadline that passes while it does not answer", async () => {
    const pool = withHandler(`await context.repository.text("/never");`);
    const silent = new AssetmillError("UNAVAILABLE", "silent");
    const read = async function* (): AsyncGenerator<Uint8Array> {
      await new Promise(() => {});
      yield Buffer.of();
    };
    const work = workOf("/a", { deadlineMs: 300, repository: repositoryOf({ read }), silence: () => silent });
    expect(await rejection(pool.run(work))).to.equal(silent);
  });

  it("count the deadline from the handler's start, not from the wait for a thread", async () => {
    const pool = withHandler(`await new Promise((over) => setTimeout(over, 150));`);
    const all = await ends(
      [0, 1, 2, 3, 4, 5].map((i) => workOf(`/${i}`, { deadlineMs: 400 })),
      pool,
    );
    expect(all.map(({ status }) => status)).to.deep.equal(Array.from({ length: 6 }, () => "fulfilled"));
  });

  for (const [what, body, says] of [
    ["exits", `process.exit(7)`, /exited with code: 7/],
    [
      "throws outside of its work",
      `setTimeout(() => { throw new Error("late"); }, 1); await new Promise(() => {})`,
      /late/,
    ],
    ["fills the heap", `const all = []; for (;;) all.push(new Array(1000).fill({}).map(() => ({ a: [1] })))`, /memory/],
  ] as const) {
    it(`are tried three times if one ${what}: its asset alone is POISON, and the others run once`, async () => {
      const pool = withHandler(`if (asset.path === "/2") { ${body} }`, { memoryMb: 48 });
      const works = [0, 1, 2, 3, 4, 5].map((i) => workOf(`/${i}`, { deadlineMs: 20_000 }));
      const all = await ends(works, pool);
      expect(all.map(({ status }) => status[0]).join("")).to.equal("ffrfff");
      const reason = (all[2] as PromiseRejectedResult).reason as AssetFailure;
      expect(AssetFailure.is(reason) && reason.code).to.equal("POISON");
      expect(reason.message)
        .to.match(/^ended its thread 3 times: /)
        .and.match(says);
      expect([...journal()].sort()).to.deep.equal(["/0", "/1", "/2", "/2", "/2", "/3", "/4", "/5"]);
    });
  }

  it("make only the asset POISON whose handler fills buffers outside of the heap, whatever ran next to it", async () => {
    const pool = withHandler(
      `if (asset.path === "/2") {
         const all = [];
         for (let i = 0; i < 512; i++) all.push(Buffer.alloc(4 * 1024 * 1024, 1));
       }
       await new Promise((over) => setTimeout(over, 5));`,
      { threads: 2, memoryMb: 96 },
    );
    const works = Array.from({ length: 40 }, (_, i) => workOf(`/${i}`, { deadlineMs: 20_000 }));
    const mostMb = [0];
    const watch = setInterval(() => mostMb.push(process.memoryUsage.rss() / 2 ** 20), 20);
    const before = process.memoryUsage.rss() / 2 ** 20;
    const all = await ends(works, pool);
    clearInterval(watch);
    expect(all.flatMap(({ status }, i) => (status === "rejected" ? [i] : []))).to.deep.equal([2]);
    const reason = (all[2] as PromiseRejectedResult).reason as AssetFailure;
    expect([reason.code, reason.message]).to.deep.equal([
      "POISON",
      "ended its thread 3 times: while it ran, the process grew by more than 192 MiB",
    ]);
    // Once among others, three times alone; of those others that then ran at most one is run again.
    expect(journal().filter((path) => path === "/2")).to.have.length(4);
    expect(journal().length).to.be.at.most(40 + 3 + 1);
    expect(Math.max(...mostMb) - before, "growth in MiB").to.be.lessThan(1_500);
  });

  it("blame no asset for what another one left behind: an asset whose thread died is retried in its own thread", async () => {
    const pool = withHandler(
      `if (asset.path === "/1") setTimeout(() => { throw new Error("time bomb"); }, 30);
       if (asset.path === "/2") await new Promise((over) => setTimeout(over, 200));`,
    );
    const all = await ends(
      [0, 1, 2, 3].map((i) => workOf(`/${i}`)),
      pool,
    );
    expect(all.map(({ status }) => status[0]).join("")).to.equal("ffff");
    expect(journal().filter((path) => path === "/2")).to.have.length(2);
  });

  it("see signal.aborted and notify listeners if they are told to stop, even in an endless handler", async () => {
    const pool = withHandler(
      `if (asset.path === "/busy") { while (!context.signal.aborted); context.signal.throwIfAborted(); }
       await new Promise((over) => context.signal.addEventListener("abort", over));
       throw context.signal.reason;`,
    );
    for (const path of ["/busy", "/idle"]) {
      const stop = new AbortController();
      const end = rejection(pool.run(workOf(path, { signal: stop.signal, deadlineMs: 30_000 })));
      await until("the handler runs", () => journal().includes(path));
      stop.abort(new Error("cancelled"));
      // Its own words: one that is ended with its thread fails with the caller's.
      expect(await end).to.have.property("message", "told to stop");
    }
  });

  it("are ended with their thread if they ignore being told to stop; waiting work never starts; others continue", async () => {
    const pool = withHandler(`if (asset.path === "/1") for (;;);`);
    const stop = new AbortController();
    const works = [
      workOf("/0"),
      ...[1, 2].map((i) => workOf(`/${i}`, { signal: stop.signal, deadlineMs: 30_000 })),
      workOf("/3"),
    ];
    const all = ends(works, pool);
    await until("the handler runs", () => journal().includes("/1"));
    stop.abort(new Error("cancelled"));
    const ended = await all;
    expect(ended.map(({ status }) => status[0]).join("")).to.equal("frrf");
    expect(ended.slice(1, 3).map((end) => ((end as PromiseRejectedResult).reason as Error).message)).to.deep.equal([
      "cancelled",
      "cancelled",
    ]);
    expect([...journal()].sort()).to.deep.equal(["/0", "/1", "/3"]);
  });

  it("leave the main thread's event loop free, and share the work", async () => {
    const pool = withHandler(
      `const { threadId } = await import("node:worker_threads");
       const end = performance.now() + 1_000; while (performance.now() < end);
       return { properties: { threadId } };`,
      { threads: 2 },
    );
    await pool.run(workOf("/warm"));
    let beats = 0;
    const beat = setInterval(() => beats++, 5);
    const all = await Promise.all([1, 2, 3, 4].map((i) => pool.run(workOf(`/${i}`))));
    clearInterval(beat);
    expect(new Set(all.map(({ returned }) => (returned as any).properties.threadId)).size).to.equal(2);
    // Two seconds at least: 400 beats where nothing else runs; where the main thread did the work, four.
    expect(beats, "turns of the main thread").to.be.greaterThan(20);
  });

  it("report which handlers they have, and what is wrong with a module", async () => {
    expect(await withHandler("").handlerNames()).to.deep.equal(["h"]);
    await threads?.close();
    threads = new PiscinaHandlerThreads({ threads: 1, memoryMb: 64, modules: ["file:///no/such/module.mjs"] });
    expect(((await rejection(threads.handlerNames())) as Error).message).to.match(
      /cannot load file:.*no\/such\/module\.mjs/,
    );
    const gone = await rejection(threads.run(workOf("/a")));
    expect(AssetmillError.is(gone) && gone.code, "no asset is blamed").to.equal("UNAVAILABLE");
  });

  it("load inversify modules, with bindings of their own", async () => {
    const module = join(process.cwd(), "build", `plugin-${process.pid}.mjs`);
    writeFileSync(
      module,
      `import { ContainerModule } from "inversify";
       const GREETING = Symbol("greeting");
       export default new ContainerModule(({ bind }) => {
         bind(GREETING).toConstantValue("hello");
         bind(Symbol.for("assetmill.AssetHandler")).toDynamicValue(({ get }) => ({
           name: "h", version: "1", thread: true, process: () => ({ properties: { greeting: get(GREETING) } }),
         }));
       });`,
    );
    threads = new PiscinaHandlerThreads({ threads: 1, memoryMb: 64, modules: [pathToFileURL(module).href] });
    const { returned } = await threads.run(workOf("/a")).finally(() => rmSync(module));
    expect(returned).to.deep.equal({ properties: { greeting: "hello" } });
  });

  it("end whatever runs once they are closed", async () => {
    const pool = withHandler(`for (;;);`);
    const end = rejection(pool.run(workOf("/a", { deadlineMs: 60_000 })));
    await until("the handler runs", () => journal().length > 0);
    await pool.close();
    expect(await Promise.race([end, sleep(2_000, "never")])).not.to.equal("never");
  });
});
