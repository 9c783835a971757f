import { expect } from "chai";
import type { ChunkClaim, ChunkPart } from "../../../../src/core/job/chunk.js";
import { AssetLanes } from "../../../../src/core/engine/chunk/asset-lanes.js";
import { carefulBatches } from "../../../../src/core/engine/chunk/careful-batches.js";
import { Committer } from "../../../../src/core/engine/chunk/committer.js";
import { type ChunkEnd, runChunk } from "../../../../src/core/engine/chunk/run-chunk.js";
import { ResultWriter } from "../../../../src/core/engine/chunk/result-writer.js";
import { Slots } from "../../../../src/core/engine/chunk/slots.js";
import { TimeSlice } from "../../../../src/core/engine/chunk/time-slice.js";
import { AssetmillError } from "../../../../src/core/errors.js";
import type { AssetRepository } from "../../../../src/core/ports/asset-repository.js";
import type { CommitAnswer } from "../../../../src/core/ports/chunk-store.js";
import { assetOf, entriesOf, jobOf, pathsOf } from "../../../support/builders.js";
import { type Deferred, deferred } from "../../../support/deferred.js";
import { engineTools, noChunks, repositoryOf } from "../../../support/engine-tools.js";
import { ManualClock, quiet } from "../../../support/manual-clock.js";

interface Fates {
  readonly announce?: (index: number) => "announced" | "lost" | Error;
  readonly commit?: (part: ChunkPart) => CommitAnswer["end"];
}

/** A careful chunk of so many assets, each ended by the test; what happens is told in order. */
function bench(
  count: number,
  over: Partial<ChunkClaim> = {},
  fates: Fates = {},
  repository: Partial<AssetRepository> = {},
) {
  const told: string[] = [];
  const parts: ChunkPart[] = [];
  const calls: Deferred<object>[] = [];
  const clock = new ManualClock();
  const tools = engineTools({
    clock,
    options: { deadlineMs: 100 },
    repository: repositoryOf(repository),
    handlers: [
      {
        name: "h",
        version: "1",
        process: (asset, { signal }) => {
          told.push(`start ${asset.path.slice(-1)}`);
          const call = deferred<object>();
          calls.push(call);
          signal.addEventListener("abort", () => call.reject(signal.reason), { once: true });
          return call.promise;
        },
      },
    ],
    chunks: {
      ...noChunks,
      announce: async (_lease, index) => {
        const fate = fates.announce?.(index) ?? "announced";
        if (fate instanceof Error) throw fate;
        told.push(`announce ${index}`);
        return fate;
      },
      commit: async (batch) =>
        batch.map((part) => {
          parts.push(part);
          told.push(`commit ${[...part.outcomes].map(({ index, outcome }) => `${index} ${outcome.kind}`).join()}`);
          return { end: fates.commit?.(part) ?? "committed", job: jobOf() };
        }),
    },
  });
  const claim: ChunkClaim = {
    lease: { jobId: jobOf().id, chunk: 1, epoch: 3 },
    entries: entriesOf(pathsOf(count)),
    open: Array.from({ length: count }, (_, i) => i),
    takenOver: true,
    careful: {},
    ...over,
  };
  const shared = { slots: new Slots(8, clock), slice: new TimeSlice(clock, 1_000_000) };
  const run = new AssetLanes(jobOf(), claim, 10_000, shared, tools);
  let end: ChunkEnd | undefined;
  const results = new ResultWriter({ ...tools, notice: { say: async () => {} } });
  const loop = { committer: new Committer(tools), results, onAnswer: () => {} };
  void runChunk(run, carefulBatches(run, tools), loop).then((how) => {
    end = how;
  });
  const finish = async (): Promise<void> => {
    calls.at(-1)?.resolve({});
    await quiet();
  };
  return { run, told, parts, clock, tools, finish, end: () => end };
}

describe("a careful chunk", () => {
  it("keeps nothing of the assets that have ended", async () => {
    const warnings: string[] = [];
    const onWarning = (warning: Error): void => void warnings.push(warning.message);
    process.on("warning", onWarning);
    try {
      const { finish, end } = bench(15);
      await quiet();
      for (let i = 0; i < 15; i++) await finish();
      expect(end()).to.equal("done");
      expect(warnings).to.deep.equal([]);
    } finally {
      process.off("warning", onWarning);
    }
  });

  it("stops and blames no asset if the repository is unreachable", async () => {
    const { run, parts, clock, tools, end } = bench(2);
    await quiet();
    void tools.latency.repository.time(() => new Promise(() => {}));
    await clock.advance(150);
    run.enforceDeadline(clock.monotonicMs());
    await quiet();
    expect(end()).to.equal("stopped");
    expect(run.error).to.include({ code: "UNAVAILABLE" });
    expect(parts).to.deep.equal([]);
  });

  it("announces each asset before it starts, and commits its outcome before it announces the next", async () => {
    const { told, parts, finish, end } = bench(3);
    await quiet();
    expect(told).to.deep.equal(["announce 0", "start 0"]);
    for (let i = 0; i < 3; i++) await finish();
    expect(told).to.deep.equal([
      ...["announce 0", "start 0", "commit 0 SUCCEEDED"],
      ...["announce 1", "start 1", "commit 1 SUCCEEDED"],
      ...["announce 2", "start 2", "commit 2 SUCCEEDED"],
    ]);
    expect(end()).to.equal("done");
    expect(parts.map(({ part, advances, closes }) => [part, advances, closes])).to.deep.equal([
      [0, true, false],
      [1, true, false],
      [2, true, true],
    ]);
  });

  it("reruns an asset that changed meanwhile before it announces the next", async () => {
    let changed = true;
    const { told, finish, end } = bench(
      2,
      {},
      {},
      {
        enlist: undefined,
        apply: async (writes) => {
          told.push(`write ${writes.map(({ path }) => path.slice(-1)).join()}`);
          const refused = changed
            ? writes.map(({ path }) => ({ path, code: "CHANGED" as const, message: "newer" }))
            : [];
          changed = false;
          return refused;
        },
        stat: async (paths) => paths.map((path) => ({ kind: "asset", asset: assetOf(path) })),
      },
    );
    await quiet();
    for (let i = 0; i < 3; i++) await finish();
    expect(told).to.deep.equal([
      ...["announce 0", "start 0", "write 0", "start 0", "write 0", "commit 0 SUCCEEDED"],
      ...["announce 1", "start 1", "write 1", "commit 1 SUCCEEDED"],
    ]);
    expect(end()).to.equal("done");
  });

  it("fails the asset that was charged three times with POISON, without starting it, and continues", async () => {
    const { told, parts, finish, end } = bench(2, { careful: { poisoned: 0 } });
    await quiet();
    expect(told).to.deep.equal(["commit 0 FAILED", "announce 1", "start 1"]);
    expect(parts[0]?.outcomes.at(0)).to.deep.include({ code: "POISON", attempts: 3 });
    expect(parts[0]?.writes).to.deep.equal([]);
    await finish();
    expect(end()).to.equal("done");
  });

  it("starts no asset whose announcement was lost or is not stored yet", async () => {
    const lost = bench(2, {}, { announce: () => "lost" });
    await quiet();
    expect(lost.told).to.deep.equal(["announce 0"]);
    expect(lost.end()).to.equal("lost");
    let down = true;
    const late = bench(1, {}, { announce: () => (down ? new AssetmillError("UNAVAILABLE", "down") : "announced") });
    await quiet();
    expect(late.told).to.deep.equal([]);
    down = false;
    await late.clock.advance(10_000);
    expect(late.told).to.deep.equal(["announce 0", "start 0"]);
  });

  it("announces nothing after an asset that was left without an outcome", async () => {
    const { told, clock, finish, end } = bench(2, {}, {}, { enlist: undefined });
    await quiet();
    // Past the lease's end, which nobody has noticed yet: its result is not written, so it stays open.
    await clock.advance(10_001);
    await finish();
    expect(told).to.deep.equal(["announce 0", "start 0"]);
    expect(end()).to.equal("stopped");
  });

  it("stops without an error if it is told to stop while the store is unreachable", async () => {
    const down = new AssetmillError("UNAVAILABLE", "down");
    const { run, told, clock, end } = bench(2, {}, { announce: () => down });
    await quiet();
    run.stop("job is stopping", true);
    await clock.advance(10_000);
    expect([told, end(), run.error]).to.deep.equal([[], "stopped", undefined]);
  });

  it("ends when a commit is lost", async () => {
    const { finish, end, told } = bench(2, {}, { commit: () => "lost" });
    await quiet();
    await finish();
    expect(end()).to.equal("lost");
    expect(told.at(-1)).to.equal("commit 0 SUCCEEDED");
  });

  it("enforces the deadline, and continues", async () => {
    const { run, clock, told, finish, end, parts } = bench(2);
    await quiet();
    await clock.advance(101);
    run.enforceDeadline(clock.monotonicMs());
    await quiet();
    expect(parts[0]?.outcomes.at(0)).to.deep.include({ kind: "FAILED", code: "DEADLINE" });
    expect(told.slice(-2)).to.deep.equal(["announce 1", "start 1"]);
    await finish();
    expect(end()).to.equal("done");
  });

  it("ends its asset first if it is told to stop, and leaves it open if it is told to abort", async () => {
    const peace = bench(3);
    await quiet();
    peace.run.stop("shutting down", false);
    await peace.finish();
    expect(peace.told).to.deep.equal(["announce 0", "start 0", "commit 0 SUCCEEDED"]);
    expect(peace.end()).to.equal("stopped");
    const abort = bench(3);
    await quiet();
    abort.run.stop("job is stopping", true);
    await quiet();
    expect(abort.told).to.deep.equal(["announce 0", "start 0"]);
    expect(abort.end()).to.equal("stopped");
  });

  it("ends at once if it is left, even if a handler ignores its signal", async () => {
    const { run, end } = bench(1);
    await quiet();
    run.abandon();
    await quiet();
    expect(end()).to.equal("abandoned");
  });
});
