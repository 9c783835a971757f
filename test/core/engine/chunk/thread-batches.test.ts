import { expect } from "chai";
import { LargerThanListed } from "../../../../src/core/engine/asset/asset-context.js";
import type { AssetLanes } from "../../../../src/core/engine/chunk/asset-lanes.js";
import { Slots } from "../../../../src/core/engine/chunk/slots.js";
import { TimeSlice } from "../../../../src/core/engine/chunk/time-slice.js";
import { AssetFailure, RetryableError } from "../../../../src/core/errors.js";
import type { AssetHandler } from "../../../../src/core/ports/asset-handler.js";
import type {
  BatchThreads,
  HandlerThreads,
  ThreadEnd,
  ThreadFailure,
  ThreadWork,
} from "../../../../src/core/ports/handler-threads.js";
import { entriesOf, jobOf, pathsOf } from "../../../support/builders.js";
import { deferred } from "../../../support/deferred.js";
import { engineTools, repositoryOf, startLanes } from "../../../support/engine-tools.js";
import { ManualClock, quiet } from "../../../support/manual-clock.js";

/** Threads that hold batches until the test ends them, and become warm when it says so. */
class HeldBatches implements HandlerThreads {
  readonly capacity = 6;
  readonly held: { readonly works: readonly ThreadWork[]; end(of: (work: ThreadWork) => End): void }[] = [];
  readonly singles: string[] = [];
  readonly batches: BatchThreads;
  readonly #warm = deferred<void>();
  isWarm = false;
  warmed = 0;

  constructor() {
    const isWarm = (): boolean => this.isWarm;
    this.batches = {
      capacity: 2,
      size: 5,
      get isWarm() {
        return isWarm();
      },
      warm: () => {
        this.warmed++;
        return this.#warm.promise;
      },
      run: (works, onEnd) => {
        this.held.push({ works, end: (of) => works.forEach((work, index) => onEnd(index, of(work))) });
      },
    };
  }

  async warmUp(): Promise<void> {
    this.isWarm = true;
    this.#warm.resolve();
    await quiet();
  }

  async run(work: ThreadWork): Promise<ThreadEnd> {
    this.singles.push(`${work.asset.path} ${work.attempt}`);
    return DONE;
  }

  async close(): Promise<void> {}

  /** Ends all batches, until there are no more. */
  async endAll(of: (work: ThreadWork) => End = () => DONE): Promise<void> {
    for (let batch = this.held.shift(); batch; batch = this.held.shift()) {
      batch.end(of);
      await quiet();
    }
  }

  get paths(): readonly (readonly string[])[] {
    return this.held.map(({ works }) => works.map(({ asset }) => asset.path));
  }
}

type End = ThreadEnd | ThreadFailure;
const DONE: ThreadEnd = { returned: undefined, contentHash: undefined, others: {}, busyMs: 5 };

interface Given {
  readonly isWarm?: boolean;
  readonly thread?: AssetHandler["thread"];
  readonly others?: readonly AssetHandler[];
  readonly sizeOf?: (index: number) => number;
  readonly inThread?: boolean;
  readonly chunk?: number;
  /** Whether handlers in the main thread hang. */
  readonly hangs?: boolean;
}

function bench(count: number, given: Given = {}) {
  const threads = new HeldBatches();
  threads.isWarm = given.isWarm ?? true;
  const clock = new ManualClock();
  const main: string[] = [];
  const handlers: AssetHandler[] = [
    {
      name: "h",
      version: "1",
      thread: given.thread ?? { overBytes: 1_000, batches: true },
      process: (asset, { attempt }) => {
        main.push(`${asset.path} ${attempt}`);
        return given.hangs ? new Promise(() => {}) : undefined;
      },
    },
    ...(given.others ?? []),
  ];
  const inThread = given.inThread === false ? {} : { inThread: { url: "file:///reader.mjs", options: {} } };
  const tools = engineTools({
    clock,
    handlers,
    threads,
    repository: repositoryOf(inThread),
    options: { concurrency: 2, deadlineMs: 100 },
  });
  const claim = {
    lease: { jobId: jobOf().id, chunk: given.chunk ?? 1, epoch: 1 },
    entries: entriesOf(pathsOf(count)).map(({ asset }, i) => ({
      asset: { ...asset, sizeBytes: given.sizeOf?.(i) ?? 10 },
    })),
    open: Array.from({ length: count }, (_, i) => i),
    takenOver: false,
  };
  const slots = new Slots(2, clock);
  const batchSlots = new Slots(threads.batches.capacity, clock);
  const shared = { slots, batchSlots, threadSlots: new Slots(6, clock), slice: new TimeSlice(clock, 1_000) };
  const run = startLanes(jobOf({ handlers: handlers.map(({ name }) => name) }), claim, 10_000, shared, tools);
  return { threads, clock, main, run, slots, batchSlots };
}

const kindsOf = (run: AssetLanes): Readonly<Record<number, string>> =>
  Object.fromEntries(
    [...(run.part.take()?.outcomes ?? [])].map(({ index, outcome }) => [
      index,
      outcome.kind === "FAILED" ? outcome.code : outcome.kind,
    ]),
  );

const paths = pathsOf(12);

describe("small assets, as the engine hands them to threads", () => {
  it("go in whole batches to warm threads, as many at a time as keep them busy; none of them runs elsewhere", async () => {
    const { threads, main, run, slots, batchSlots } = bench(12);
    await quiet();
    expect(threads.paths).to.deep.equal([paths.slice(0, 5), paths.slice(5, 10)]);
    expect([slots.free, batchSlots.free], "slots are free for other work").to.deep.equal([2, 0]);
    await threads.endAll();
    await run.drained();
    expect(main).to.deep.equal([]);
    expect(batchSlots.free).to.equal(2);
    const part = run.part.take();
    expect(part?.closes).to.equal(true);
    expect(part?.outcomes).to.have.length(12);
    expect(part?.pace.types.DITATOPIC).to.include({ assets: 12, busyMs: 60 });
  });

  it("keep what the thread learned: results, hash, warning and answers about other assets", async () => {
    const { threads, run } = bench(1);
    await quiet();
    const returned = { properties: { a: 1 }, references: [{ kind: "topic", target: "/t" } as const] };
    const more = { contentHash: "sha256:x", textWarning: "odd", others: { "/t": false, "/u": "sha256:y" } };
    await threads.endAll(() => ({ ...DONE, returned, ...more }));
    await run.drained();
    const part = run.part.take();
    expect(part?.writes[0]).to.deep.include({ properties: { a: 1 }, references: { h: returned.references } });
    expect(part?.writes[0]?.stamp).to.deep.include({ contentHash: "sha256:x", handlers: { h: "1" } });
    expect(part?.writes[0]?.stamp.basis).to.deep.equal({ others: more.others });
    expect(part?.outcomes.at(0)).to.deep.include({ kind: "SUCCEEDED", warnings: ["odd"] });
  });

  it("do not wait for cold threads: the main thread does all of a job that is not large, and starts none", async () => {
    const { threads, main, run } = bench(500, { isWarm: false, chunk: 8 });
    await run.drained();
    expect(main).to.deep.equal(pathsOf(500).map((path) => `${path} 1`));
    expect([threads.warmed, threads.held.length]).to.deep.equal([0, 0]);
  });

  it("begin in the main thread while threads start for a large job, and go to them as soon as they are warm", async () => {
    const { threads, main, run } = bench(500, { isWarm: false, hangs: true, chunk: 9 });
    await quiet();
    expect([threads.warmed, threads.held.length]).to.deep.equal([1, 0]);
    expect(main).to.have.length(2);
    await threads.warmUp();
    expect(threads.paths[0]).to.deep.equal(pathsOf(500).slice(2, 7));
    await threads.endAll();
    expect(main, "nothing more is begun here").to.have.length(2);
    expect(run.part.take()?.outcomes).to.have.length(498);
  });

  it("wait for cold threads if their handler runs nowhere else", async () => {
    const { threads, main, run } = bench(3, { isWarm: false, thread: true });
    await quiet();
    expect(threads.paths).to.deep.equal([paths.slice(0, 3)]);
    await threads.endAll();
    await run.drained();
    expect(main).to.deep.equal([]);
  });

  it("run one by one if they are large, if another handler accepts them, or if none runs in batches", async () => {
    const other: AssetHandler = {
      name: "other",
      version: "1",
      accepts: ({ path }) => path === paths[1],
      process: () => undefined,
    };
    const { threads, main, run } = bench(4, { others: [other], sizeOf: (i) => (i === 2 ? 300_000 : 10) });
    await quiet();
    expect(threads.paths).to.deep.equal([[paths[0], paths[3]]]);
    await threads.endAll();
    await run.drained();
    expect(main).to.deep.equal([`${paths[1]} 1`]);
    expect(threads.singles).to.deep.equal([`${paths[2]} 1`]);
    const without = bench(2, { thread: { overBytes: 1_000 } });
    await without.run.drained();
    expect([without.threads.held.length, without.main.length]).to.deep.equal([0, 2]);
  });

  it("run in the main thread, several at once, if a thread cannot read the repository by itself", async () => {
    const { threads, main, run } = bench(4, { inThread: false });
    await run.drained();
    expect([threads.held.length, main.length]).to.deep.equal([0, 4]);
  });

  it("have their own outcomes: failure, POISON, skipped; one that was to be retried is, and counts its attempts", async () => {
    const { threads, main, run, clock } = bench(6);
    await quiet();
    const errors = new Map<string, unknown>([
      [paths[1] ?? "", new AssetFailure("MY_CODE", "why")],
      [paths[2] ?? "", new AssetFailure("POISON", "ended its thread")],
      [paths[3] ?? "", new RetryableError("later")],
      [paths[4] ?? "", new LargerThanListed(5_000)],
    ]);
    await threads.endAll(({ asset }) => (errors.has(asset.path) ? { error: errors.get(asset.path) } : DONE));
    await clock.advance(10_000);
    await run.drained();
    expect(main).to.deep.equal([`${paths[3]} 2`]);
    expect(threads.singles, "what has grown goes to a thread by itself").to.deep.equal([`${paths[4]} 1`]);
    const outcomes = [...(run.part.take()?.outcomes ?? [])];
    const byIndex = new Map(outcomes.map(({ index, outcome }) => [index, outcome]));
    expect([0, 1, 2, 3, 4, 5].map((i) => byIndex.get(i)?.attempts)).to.deep.equal([1, 1, 3, 2, 1, 1]);
    expect([1, 2].map((i) => (byIndex.get(i) as { code?: string }).code)).to.deep.equal(["MY_CODE", "POISON"]);
  });

  it("stay open if they are told to stop: the threads are told, and nothing more is handed over", async () => {
    const { threads, run } = bench(12);
    await quiet();
    run.stop("job is stopping", true);
    const [first] = threads.held;
    expect(first?.works[0]?.signal.aborted).to.equal(true);
    let ended = 0;
    await threads.endAll(({ signal }) => (ended++ < 2 ? DONE : { error: signal.reason as unknown }));
    await run.drained();
    expect(Object.keys(kindsOf(run)), "what had ended may count or stay open").to.have.length.at.most(2);
  });

  it("are not ended by the main thread's deadline while they are in a thread", async () => {
    const { threads, run, clock } = bench(3);
    await quiet();
    await clock.advance(1_000_000);
    run.enforceDeadline(clock.monotonicMs());
    await threads.endAll();
    await run.drained();
    expect(kindsOf(run)).to.deep.equal({ 0: "SUCCEEDED", 1: "SUCCEEDED", 2: "SUCCEEDED" });
  });
});
