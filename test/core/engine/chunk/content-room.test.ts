import { expect } from "chai";
import { ContentRoom } from "../../../../src/core/engine/asset/content-room.js";
import { Slots } from "../../../../src/core/engine/chunk/slots.js";
import { TimeSlice } from "../../../../src/core/engine/chunk/time-slice.js";
import { RetryableError } from "../../../../src/core/errors.js";
import type { ChunkClaim } from "../../../../src/core/job/chunk.js";
import type { AssetHandler } from "../../../../src/core/ports/asset-handler.js";
import type { HandlerThreads, ThreadEnd } from "../../../../src/core/ports/handler-threads.js";
import { assetOf, jobOf, pathsOf } from "../../../support/builders.js";
import { type Deferred, deferred, rejection } from "../../../support/deferred.js";
import { engineTools, repositoryOf, startLanes } from "../../../support/engine-tools.js";
import { ManualClock, quiet } from "../../../support/manual-clock.js";

const MB = 1024 * 1024;
const ROOM = 64 * MB;
const DEADLINE_MS = 100;

/**
 * Runs assets of these sizes, all at once as far as slots go, with a handler that reads all content and then hangs
 * until it is ended.
 */
function bench(sizes: readonly number[], options: { slots?: number; thread?: boolean; maxContentBytes?: number } = {}) {
  const clock = new ManualClock();
  const calls = new Map<string, Deferred<object | undefined>>();
  const read: string[] = [];
  let most = 0;
  let held = 0;
  const holds = async (path: string, bytes: number): Promise<object | undefined> => {
    const call = deferred<object | undefined>();
    calls.set(path, call);
    read.push(path);
    held += bytes;
    most = Math.max(most, held);
    try {
      return await call.promise;
    } finally {
      held -= bytes;
      calls.delete(path);
    }
  };
  const handler: AssetHandler = {
    name: "h",
    version: "1",
    ...(options.thread ? { thread: true } : {}),
    process: async (asset, context) => {
      await context.bytes();
      return holds(asset.path, asset.sizeBytes);
    },
  };
  const threads: HandlerThreads = {
    capacity: 100,
    run: async ({ asset }): Promise<ThreadEnd> => ({
      returned: await holds(asset.path, asset.sizeBytes),
      contentHash: undefined,
      others: {},
      busyMs: 0,
    }),
    close: async () => {},
  };
  const tools = engineTools({
    handlers: [handler],
    clock,
    repository: repositoryOf(),
    ...(options.thread ? { threads } : {}),
    options: {
      concurrency: sizes.length,
      deadlineMs: DEADLINE_MS,
      ...(options.maxContentBytes === undefined ? {} : { maxContentBytes: options.maxContentBytes }),
    },
  });
  const slots = options.slots ?? sizes.length;
  const shared = {
    slots: new Slots(slots, clock),
    slice: new TimeSlice(clock, 1_000),
    room: new ContentRoom(ROOM, clock),
    ...(options.thread ? { threadSlots: new Slots(100, clock) } : {}),
  };
  const paths = pathsOf(sizes.length);
  const claim: ChunkClaim = {
    lease: { jobId: jobOf().id, chunk: 1, epoch: 1 },
    entries: sizes.map((sizeBytes, i) => ({ asset: { ...assetOf(paths[i] ?? ""), sizeBytes } })),
    open: sizes.map((_, i) => i),
    takenOver: false,
  };
  const run = startLanes(jobOf(), claim, 10_000_000, shared, tools);
  const end = async (path = [...calls.keys()][0] ?? "", error?: Error, result: object = {}): Promise<void> => {
    if (error) calls.get(path)?.reject(error);
    else calls.get(path)?.resolve(result);
    await quiet();
  };
  const outcomes = (): readonly string[] =>
    [...(run.part.take()?.outcomes ?? [])].map(({ index, outcome }) =>
      outcome.kind === "SUCCEEDED" ? `${index} SUCCEEDED` : `${index} ${outcome.code ?? ""}`,
    );
  const index = (path: string): number => paths.indexOf(path);
  return {
    run,
    clock,
    room: shared.room,
    end,
    outcomes,
    most: () => most,
    /** The indices of the assets whose content was read so far, and of those that hold it. */
    read: () => read.map(index),
    holding: () => [...calls.keys()].map(index),
  };
}

for (const thread of [false, true]) {
  describe(`the content of assets in flight, ${thread ? "in threads" : "in the main thread"}`, () => {
    it("is held only as far as there is room, and each of many large assets has its turn, in order", async () => {
      const { end, read, most, outcomes, holding } = bench(
        [30, 30, 30, 60, 10, 30].map((mb) => mb * MB),
        { thread },
      );
      await quiet();
      expect(read()).to.deep.equal([0, 1]);
      await end();
      expect(holding()).to.deep.equal([1, 2]);
      await end();
      // The fourth is next: the small ones behind it do not overtake it for ever.
      expect(holding()).to.deep.equal([2]);
      while (holding().length > 0) await end();
      expect(read()).to.deep.equal([0, 1, 2, 3, 4, 5]);
      expect(most()).to.be.at.most(ROOM);
      expect(outcomes()).to.have.members([0, 1, 2, 3, 4, 5].map((i) => `${i} SUCCEEDED`));
    });

    it("that is larger than all the room is held when nothing else is", async () => {
      const { end, holding } = bench([10 * MB, 100 * MB, 10 * MB], { thread, maxContentBytes: 200 * MB });
      await quiet();
      expect(holding()).to.deep.equal([0]);
      await end();
      expect(holding()).to.deep.equal([1]);
      await end();
      expect(holding()).to.deep.equal([2]);
    });

    it("waits for no room if it is small", async () => {
      const { holding } = bench([60 * MB, 60 * MB, 1_000, 256 * 1024], { thread });
      await quiet();
      expect(holding()).to.deep.equal([0, 2, 3]);
    });

    it("does not use up the deadline while it waits for room; after that it does", async () => {
      const { run, clock, end, outcomes, holding } = bench([60 * MB, 60 * MB], { thread });
      await quiet();
      await clock.advance(DEADLINE_MS - 1);
      await end();
      expect(holding()).to.deep.equal([1]);
      await clock.advance(DEADLINE_MS - 1);
      // It has waited for 99 ms, and held its content for 99 ms.
      run.enforceDeadline(clock.monotonicMs());
      expect(outcomes()).to.deep.equal(["0 SUCCEEDED"]);
      if (thread) return;
      await clock.advance(2);
      run.enforceDeadline(clock.monotonicMs());
      expect(outcomes()).to.deep.equal(["1 DEADLINE"]);
    });

    it("is not waited for any more once the asset is told to stop: it stays open, and takes no room", async () => {
      const { run, end, read, outcomes } = bench([60 * MB, 60 * MB, 60 * MB], { thread });
      await quiet();
      run.stop("job is stopping", true);
      await quiet();
      expect(read()).to.deep.equal([0]);
      await end();
      await run.drained();
      expect(read()).to.deep.equal([0]);
      expect(outcomes().filter((outcome) => !outcome.startsWith("0"))).to.deep.equal([]);
    });

    it("is given up while an asset waits for its next try", async () => {
      const { clock, end, holding } = bench([60 * MB, 60 * MB], { thread });
      await quiet();
      await end(undefined, new RetryableError("later"));
      expect(holding()).to.deep.equal([1]);
      await clock.advance(1_000);
      expect(holding()).to.deep.equal([1]);
      await end();
      expect(holding()).to.deep.equal([0]);
    });
  });
}

describe("the content of an abandoned asset", () => {
  it("keeps no room: others go on, whatever its handler still does", async () => {
    const { run, clock, holding, end, outcomes } = bench([60 * MB, 60 * MB, 60 * MB]);
    await quiet();
    await clock.advance(DEADLINE_MS + 1);
    run.enforceDeadline(clock.monotonicMs());
    await quiet();
    expect(holding()).to.deep.equal([0, 1]);
    await end(pathsOf(2)[1]);
    await end(pathsOf(1)[0]);
    expect(holding()).to.deep.equal([2]);
    await end();
    expect(outcomes()).to.have.members(["0 DEADLINE", "1 SUCCEEDED", "2 SUCCEEDED"]);
  });
});

describe("large results", () => {
  const MANY = 50_000;
  const ids = { properties: { ids: Array.from({ length: MANY }, (_, i) => `${"x".repeat(300)}${i}`.slice(-300)) } };

  it("are committed at once, without waiting for the usual time, and small ones are not", async () => {
    const { run, end } = bench([1, 1, 1]);
    await quiet();
    let yields = 0;
    const batches = run.batches(2_000);
    const next = (): void => void batches.next().then(() => yields++);
    next();
    await end();
    expect(yields).to.equal(0);
    await end(undefined, undefined, ids);
    expect(yields).to.equal(1);
  });

  it("take up room until they are committed: a large asset waits for that, a small one does not", async () => {
    const { run, end, holding, clock } = bench([1, 1, 1, 50 * MB, 50 * MB, 1]);
    await quiet();
    expect(holding()).to.deep.equal([0, 1, 2, 3, 5]);
    const batches = run.batches(2_000);
    let over = false;
    for (const index of [0, 1, 2]) await end(pathsOf(6)[index], undefined, ids);
    await end(pathsOf(6)[3]);
    expect(holding()).to.deep.equal([5]);
    await batches.next();
    expect(run.part.take()?.outcomes).to.have.length(4);
    void batches.next().then(() => {
      over = true;
    });
    await quiet();
    expect(holding()).to.deep.equal([5, 4]);
    expect([over, clock.sleeping]).to.deep.equal([false, 1]);
  });

  it("take no room any more once their chunk has ended, whether or not they were committed", async () => {
    const { run, end, holding, room } = bench([1, 1, 1]);
    await quiet();
    const batches = run.batches(2_000);
    for (const index of [0, 1, 2]) await end(pathsOf(3)[index], undefined, ids);
    expect(holding()).to.deep.equal([]);
    const waiting = new AbortController();
    const waits = room.hold().take(ROOM, () => waiting.signal);
    expect(waits).not.to.equal(undefined);
    waiting.abort(new Error("waits no more"));
    expect(await rejection(waits ?? Promise.resolve())).to.be.an("error");
    await batches.next();
    await batches.return(undefined);
    expect(room.hold().take(ROOM, () => new AbortController().signal)).to.equal(undefined);
  });
});

describe("room for content", () => {
  const signal = (): AbortSignal => new AbortController().signal;

  it("never leaves anyone waiting for ever, and is never exceeded but by one alone: in random order", async () => {
    let seed = 7;
    const random = (): number => (seed = (seed * 16_807) % 2_147_483_647) / 2_147_483_647;
    const room = new ContentRoom(ROOM, new ManualClock());
    let held = 0;
    let holders = 0;
    let served = 0;
    const all = Array.from({ length: 500 }, async () => {
      const bytes = Math.ceil(random() * 90 * MB);
      const stop = new AbortController();
      const turns = Math.floor(random() * 5);
      const hold = room.hold();
      if (random() < 0.2) void quiet().then(() => stop.abort(new Error("told to stop")));
      try {
        const waited = hold.take(bytes, () => stop.signal);
        if (waited !== undefined) await waited;
      } catch {
        return;
      }
      served++;
      if (hold.isHeld) {
        held += bytes;
        holders++;
        expect(holders === 1 || held <= ROOM, `${holders} hold ${held} bytes`).to.equal(true);
      }
      for (let i = 0; i < turns; i++) await new Promise((turn) => setImmediate(turn));
      if (hold.isHeld) {
        held -= bytes;
        holders--;
      }
      hold.release();
    });
    await Promise.all(all);
    expect([held, holders]).to.deep.equal([0, 0]);
    expect(served).to.be.above(50);
    expect(room.hold().take(ROOM, signal)).to.equal(undefined);
  });

  it("is taken once by an asset that asks twice, and given back once", () => {
    const room = new ContentRoom(ROOM, new ManualClock());
    const hold = room.hold();
    expect([hold.take(ROOM, signal), hold.take(ROOM, signal)]).to.deep.equal([undefined, undefined]);
    hold.release();
    hold.release();
    expect(room.hold().take(ROOM, signal)).to.equal(undefined);
  });
});
