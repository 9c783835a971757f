import { expect } from "chai";

import { Slots } from "../../../../src/core/engine/chunk/slots.js";
import { TimeSlice } from "../../../../src/core/engine/chunk/time-slice.js";
import { AssetFailure, RetryableError } from "../../../../src/core/errors.js";
import type { AssetHandler } from "../../../../src/core/ports/asset-handler.js";
import type { HandlerThreads, ThreadEnd, ThreadWork } from "../../../../src/core/ports/handler-threads.js";
import { entriesOf, jobOf, pathsOf } from "../../../support/builders.js";
import { type Deferred, deferred } from "../../../support/deferred.js";
import { engineTools, repositoryOf, startLanes } from "../../../support/engine-tools.js";
import { ManualClock, quiet } from "../../../support/manual-clock.js";

/** Threads whose every work hangs until the test ends it. */
class HeldThreads implements HandlerThreads {
  readonly capacity: number;
  readonly works: { readonly work: ThreadWork; readonly call: Deferred<ThreadEnd> }[] = [];

  constructor(capacity: number) {
    this.capacity = capacity;
  }

  run(work: ThreadWork): Promise<ThreadEnd> {
    const call = deferred<ThreadEnd>();
    this.works.push({ work, call });
    return call.promise;
  }

  async close(): Promise<void> {}

  async end(index: number, over: Partial<ThreadEnd> = {}): Promise<void> {
    this.works[index]?.call.resolve({ returned: undefined, contentHash: undefined, others: {}, busyMs: 5, ...over });
    await quiet();
  }
}

function bench(
  count: number,
  options: { capacity?: number; sizeBytes?: number; fileOf?: (path: string) => string } = {},
) {
  const threads = new HeldThreads(options.capacity ?? 6);
  const clock = new ManualClock();
  const main: string[] = [];
  const handlers: AssetHandler[] = [
    { name: "first", version: "1", process: (asset) => void main.push(asset.path) },
    { name: "h", version: "1", thread: true, process: () => main.push("not here") as never },
  ];
  const reads: string[] = [];
  const repository = repositoryOf({
    read: async function* (path) {
      reads.push(path);
      yield Buffer.from(path);
    },
    ...(options.fileOf ? { fileOf: options.fileOf } : {}),
  });
  const tools = engineTools({ clock, handlers, threads, repository, options: { concurrency: 2, deadlineMs: 100 } });
  const claim = {
    lease: { jobId: jobOf().id, chunk: 1, epoch: 1 },
    entries: entriesOf(pathsOf(count)).map(({ asset }) => ({
      asset: { ...asset, sizeBytes: options.sizeBytes ?? 10 },
    })),
    open: Array.from({ length: count }, (_, i) => i),
    takenOver: false,
  };
  const slots = new Slots(2, clock);
  const threadSlots = new Slots(threads.capacity, clock);
  const job = jobOf({ handlers: ["first", "h"] });
  const run = startLanes(job, claim, 10_000, { slots, threadSlots, slice: new TimeSlice(clock, 1_000) }, tools);
  return { threads, clock, main, reads, run, slots, threadSlots };
}

describe("a handler in a thread, as the engine sees it", () => {
  it("gets full batches: as many assets run as there are slots in threads, whatever the concurrency", async () => {
    const { threads, run, slots, threadSlots, main } = bench(20);
    await quiet();
    expect(threads.works).to.have.length(6);
    expect(slots.free, "slots are free for other work meanwhile").to.equal(2);
    for (let i = 0; i < 20; i++) await threads.end(i);
    await run.drained();
    expect(main).to.deep.equal(pathsOf(20));
    const part = run.part.take();
    expect(part?.closes).to.equal(true);
    expect([slots.free, threadSlots.free]).to.deep.equal([2, 6]);
  });

  it("passes on what decoding its text warned about", async () => {
    const { threads, run } = bench(1, { fileOf: (path) => path });
    await quiet();
    await threads.end(0, { returned: { warnings: ["own"] }, textWarning: "mark and declaration disagree" });
    await run.drained();
    const outcome = run.part.take()?.outcomes.at(0);
    expect(outcome?.kind === "SUCCEEDED" && outcome.warnings).to.deep.equal(["own", "mark and declaration disagree"]);
  });

  it("passes on its results, hash and duration", async () => {
    const { threads, run, clock } = bench(1, { fileOf: (path) => path });
    await quiet();
    await clock.advance(50);
    await threads.end(0, { returned: { properties: { a: 1 } }, contentHash: "sha256:x", busyMs: 7 });
    await run.drained();
    const part = run.part.take();
    expect(part?.writes[0]).to.deep.include({ properties: { a: 1 } });
    expect(part?.writes[0]?.stamp).to.deep.include({ contentHash: "sha256:x", handlers: { first: "1", h: "1" } });
    expect(part?.pace.types.DITATOPIC).to.deep.include({ assets: 1, busyMs: 7 });
  });

  it("leaves no hash if it read a content that differs from what the main thread read", async () => {
    const { threads, run } = bench(1);
    await quiet();
    await threads.end(0, { contentHash: "sha256:x" });
    await run.drained();
    expect(run.part.take()?.writes[0]?.stamp.contentHash).to.equal(null);
  });

  it("is not ended by the main thread's deadline: no asset is to blame for the wait for a thread", async () => {
    const { threads, run, clock } = bench(1);
    await quiet();
    await clock.advance(1_000_000);
    run.enforceDeadline(clock.monotonicMs());
    await threads.end(0);
    await run.drained();
    expect(run.part.take()?.outcomes.at(0).kind).to.equal("SUCCEEDED");
  });

  it("reads plain files itself; small content is sent with its asset, large content is requested", async () => {
    const byFile = bench(1, { fileOf: (path) => `/files${path}` });
    await quiet();
    expect(byFile.threads.works[0]?.work.file).to.equal("/files/root/a0000");
    expect(byFile.reads).to.deep.equal([]);
    const small = bench(1);
    await quiet();
    expect(Buffer.from(small.threads.works[0]?.work.bytes ?? []).toString()).to.equal("/root/a0000");
    const large = bench(1, { sizeBytes: 50_000_000 });
    await quiet();
    expect(large.threads.works[0]?.work).to.not.have.any.keys("file", "bytes");
    expect(large.reads).to.deep.equal([]);
  });

  it("is retried after a pause, with attempts counted by the main thread; DEADLINE and POISON end only that asset", async () => {
    const { threads, run, clock } = bench(3);
    await quiet();
    threads.works[0]?.call.reject(new RetryableError("later"));
    threads.works[1]?.call.reject(new AssetFailure("DEADLINE", "too long"));
    threads.works[2]?.call.reject(new AssetFailure("POISON", "died"));
    await quiet();
    await clock.advance(1_000);
    expect(threads.works[3]?.work.attempt).to.equal(2);
    await threads.end(3);
    await run.drained();
    const outcomes = [...(run.part.take()?.outcomes ?? [])];
    const of = (index: number) => outcomes.find((one) => one.index === index)?.outcome;
    expect(of(0)).to.deep.equal({ kind: "SUCCEEDED", attempts: 2, warnings: [] });
    expect(of(1)).to.deep.include({ kind: "FAILED", code: "DEADLINE", handler: "h", attempts: 1 });
    expect(of(2)).to.deep.include({ kind: "FAILED", code: "POISON", handler: "h", attempts: 3 });
  });

  it("leaves its asset open if it is told to stop", async () => {
    const { threads, run } = bench(2);
    await quiet();
    run.stop("job is stopping", true);
    expect(threads.works.map(({ work }) => work.signal.aborted)).to.deep.equal([true, true]);
    for (const { work, call } of threads.works) call.reject(work.signal.reason);
    await run.drained();
    expect(run.part.take()).to.equal(undefined);
  });
});

describe("a handler that has only large assets in threads", () => {
  const LARGE = 1_000;

  /**
   * Assets of these sizes as listed, with contents of these, else the same, sizes. Small ones are read and done in the
   * main thread.
   */
  function bench(listed: readonly number[], contents: readonly number[] = listed, concurrency = 2) {
    const threads = new HeldThreads(6);
    const clock = new ManualClock();
    const main: { index: number; attempt: number; bytes: number }[] = [];
    const paths = pathsOf(listed.length);
    const handler: AssetHandler = {
      name: "h",
      version: "1",
      thread: { overBytes: LARGE },
      process: async (asset, context) => {
        const { length: bytes } = await context.bytes();
        main.push({ index: paths.indexOf(asset.path), attempt: context.attempt, bytes });
      },
    };
    const repository = repositoryOf({
      read: async function* (path) {
        yield Buffer.alloc(contents[paths.indexOf(path)] ?? 0);
      },
    });
    const tools = engineTools({ clock, handlers: [handler], threads, repository, options: { concurrency } });
    const claim = {
      lease: { jobId: jobOf().id, chunk: 1, epoch: 1 },
      entries: entriesOf(paths).map(({ asset }, i) => ({ asset: { ...asset, sizeBytes: listed[i] ?? 0 } })),
      open: listed.map((_, i) => i),
      takenOver: false,
    };
    const slots = new Slots(concurrency, clock);
    const threadSlots = new Slots(threads.capacity, clock);
    const run = startLanes(jobOf(), claim, 10_000, { slots, threadSlots, slice: new TimeSlice(clock, 1_000) }, tools);
    const inThreads = (): number[] => threads.works.map(({ work }) => paths.indexOf(work.asset.path));
    return { threads, main, run, slots, threadSlots, inThreads };
  }

  it("has all others in the main thread, with no thread and no slot of a thread taken", async () => {
    const { threads, main, run, threadSlots } = bench([10, 1_000, 0]);
    await run.drained();
    expect(main.map(({ index }) => index)).to.deep.equal([0, 1, 2]);
    expect([threads.works.length, threadSlots.free]).to.deep.equal([0, 6]);
  });

  it("leaves the slot to others while a large asset is in a thread, and only as many assets begin as usual", async () => {
    const { threads, main, run, slots, inThreads } = bench([1_001, 10, 10, 5_000, 10, 5_000, 10]);
    await quiet();
    expect(main.map(({ index }) => index)).to.deep.equal([1, 2]);
    expect(inThreads()).to.deep.equal([0, 3]);
    expect(slots.free).to.equal(2);
    await threads.end(0);
    expect(main.map(({ index }) => index)).to.deep.equal([1, 2, 4]);
    await threads.end(1);
    await threads.end(2);
    await run.drained();
    expect([...(run.part.take()?.outcomes ?? [])].map(({ outcome }) => outcome.kind)).to.deep.equal(
      Array(7).fill("SUCCEEDED"),
    );
    expect(slots.free).to.equal(2);
  });

  it("has an asset in a thread whose content is larger than was listed, as its first try", async () => {
    const { threads, main, run, inThreads } = bench([0, 10], [5_000, 10]);
    await quiet();
    expect(main).to.deep.equal([{ index: 1, attempt: 1, bytes: 10 }]);
    expect(inThreads()).to.deep.equal([0]);
    expect(threads.works[0]?.work).to.include({ attempt: 1 });
    expect(threads.works[0]?.work.bytes).to.have.length(5_000);
    await threads.end(0);
    await run.drained();
    expect([...(run.part.take()?.outcomes ?? [])].map(({ outcome }) => outcome.attempts)).to.have.members([1, 1]);
  });

  it("has an asset in the main thread whose content is smaller than was listed, if no thread is needed", async () => {
    const { main, inThreads, run } = bench([900], [10]);
    await run.drained();
    expect([main.length, inThreads()]).to.deep.equal([1, []]);
  });
});
