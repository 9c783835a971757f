import { expect } from "chai";
import type { ChunkPart } from "../../../../src/core/job/chunk.js";

import { Committer } from "../../../../src/core/engine/chunk/committer.js";
import { runChunk } from "../../../../src/core/engine/chunk/run-chunk.js";
import { Slots } from "../../../../src/core/engine/chunk/slots.js";
import { TimeSlice } from "../../../../src/core/engine/chunk/time-slice.js";
import type { CommitAnswer } from "../../../../src/core/ports/chunk-store.js";
import { entriesOf, jobOf, pathsOf } from "../../../support/builders.js";
import { type Deferred, deferred, rejection } from "../../../support/deferred.js";
import { engineTools, noChunks, repositoryOf, startLanes } from "../../../support/engine-tools.js";
import { ManualClock, quiet } from "../../../support/manual-clock.js";

/** A chunk of so many assets, one at a time in flight, each ended by the test; commits are answered as told. */
function bench(count: number, end: (part: ChunkPart) => CommitAnswer["end"] | Error = () => "committed") {
  const calls: Deferred<object>[] = [];
  const parts: ChunkPart[] = [];
  const aborted: string[] = [];
  const answers: CommitAnswer[] = [];
  const clock = new ManualClock();
  const tools = engineTools({
    clock,
    options: { concurrency: 1 },
    repository: repositoryOf({ enlist: async () => {} }),
    handlers: [
      {
        name: "h",
        version: "1",
        process: (asset, context) => {
          const call = deferred<object>();
          calls.push(call);
          context.signal.addEventListener("abort", () => aborted.push(asset.path));
          return call.promise;
        },
      },
    ],
    chunks: {
      ...noChunks,
      commit: async (batch) =>
        batch.map((part) => {
          parts.push(part);
          const fate = end(part);
          if (fate instanceof Error) throw fate;
          return { end: fate, job: jobOf() };
        }),
    },
  });
  const claim = {
    lease: { jobId: jobOf().id, chunk: 1, epoch: 1 },
    entries: entriesOf(pathsOf(count)),
    open: Array.from({ length: count }, (_, i) => i),
    takenOver: false,
  };
  const shared = { slots: new Slots(1, clock), slice: new TimeSlice(clock, 1_000_000) };
  const run = startLanes(jobOf(), claim, 1_000_000, shared, tools);
  const ending = runChunk(run, run.batches(2_000), {
    committer: new Committer(tools),
    onAnswer: (answer) => answers.push(answer),
  });
  return {
    run,
    ending,
    parts,
    aborted,
    answers,
    clock,
    /** Ends the asset in flight. */
    async finish(): Promise<void> {
      calls.at(-1)?.resolve({});
      await quiet();
    },
    calls,
  };
}

const indicesOf = (parts: readonly ChunkPart[]): number[][] => parts.map(({ outcomes }) => [...outcomes.indices]);

describe("the chunk loop", () => {
  it("commits a short chunk once, closes it, and is done", async () => {
    const { finish, ending, parts, clock, answers } = bench(3);
    await quiet();
    for (let i = 0; i < 3; i++) await finish();
    await clock.advance(100);
    expect(await ending).to.equal("done");
    expect(indicesOf(parts)).to.deep.equal([[0, 1, 2]]);
    expect(parts[0]?.closes).to.equal(true);
    expect(answers).to.have.length(1);
  });

  it("commits what has ended at least every two seconds while the rest runs", async () => {
    const { finish, ending, parts, clock } = bench(3);
    await quiet();
    await finish();
    expect(parts).to.deep.equal([]);
    await clock.advance(2_050);
    expect(indicesOf(parts)).to.deep.equal([[0]]);
    await finish();
    await clock.advance(2_050);
    await finish();
    await clock.advance(100);
    expect(await ending).to.equal("done");
    expect(indicesOf(parts)).to.deep.equal([[0], [1], [2]]);
    expect(parts.map(({ part, closes }) => [part, closes])).to.deep.equal([
      [0, false],
      [1, false],
      [2, true],
    ]);
  });

  it("commits nothing if nothing has ended", async () => {
    const { parts, clock } = bench(1);
    await clock.advance(60_000);
    expect(parts).to.deep.equal([]);
  });

  it("commits what has ended and releases the rest if it is told to stop", async () => {
    const { run, finish, ending, parts, clock, calls } = bench(3);
    await quiet();
    await finish();
    run.stop("job is stopping", true);
    calls.at(-1)?.reject(new Error("aborted"));
    await quiet();
    await clock.advance(100);
    expect(await ending).to.equal("stopped");
    expect(indicesOf(parts)).to.deep.equal([[0]]);
    expect(parts[0]?.closes).to.equal(false);
  });

  it("commits what has ended and keeps its lease if it is left while a handler is still running", async () => {
    const { run, finish, ending, parts, clock, calls } = bench(3);
    await quiet();
    await finish();
    run.stop("shutting down", true);
    await quiet();
    run.abandon();
    await quiet();
    await clock.advance(100);
    expect(await ending).to.equal("abandoned");
    expect(indicesOf(parts)).to.deep.equal([[0]]);
    // What it does later reaches nobody.
    calls.at(-1)?.resolve({});
    await clock.advance(10_000);
    expect(parts).to.have.length(1);
  });

  it("stops like any other if it is left with no handler running", async () => {
    const { run, finish, ending, clock } = bench(2);
    await quiet();
    run.stop("shutting down", true);
    await finish();
    run.abandon();
    await quiet();
    await clock.advance(100);
    expect(await ending).to.equal("stopped");
  });

  it("is done all the same if it is told to stop after its last asset ended", async () => {
    const { run, finish, ending, clock } = bench(1);
    await quiet();
    run.stop("shutting down", false);
    await finish();
    await clock.advance(100);
    expect(await ending).to.equal("done");
  });

  it("tells its handlers, starts nothing more and commits nothing more once its lease is lost", async () => {
    const { run, finish, ending, parts, aborted, clock, calls } = bench(5, () => "lost");
    await quiet();
    await finish();
    await clock.advance(2_050);
    expect(await ending).to.equal("lost");
    expect([run.stopped, aborted]).to.deep.equal(["lease lost", [pathsOf(5)[1]]]);
    await finish();
    await clock.advance(10_000);
    expect(parts).to.have.length(1);
    expect(calls).to.have.length(2);
  });

  it("fails with the store's error if the store rejects its part", async () => {
    const error = new Error("poison");
    const { finish, ending, clock } = bench(1, () => error);
    const failing = rejection(ending);
    await quiet();
    await finish();
    await clock.advance(100);
    expect(await failing).to.equal(error);
  });
});
