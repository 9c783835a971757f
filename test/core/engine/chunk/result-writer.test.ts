import { expect } from "chai";
import type { ChunkPart } from "../../../../src/core/job/chunk.js";

import { Committer } from "../../../../src/core/engine/chunk/committer.js";
import { ResultWriter } from "../../../../src/core/engine/chunk/result-writer.js";
import { runChunk } from "../../../../src/core/engine/chunk/run-chunk.js";
import { Slots } from "../../../../src/core/engine/chunk/slots.js";
import { TimeSlice } from "../../../../src/core/engine/chunk/time-slice.js";
import type { ToolsUnderTest } from "../../../support/engine-tools.js";
import { AssetmillError } from "../../../../src/core/errors.js";
import type { Outcome } from "../../../../src/core/asset/outcome.js";
import type { AssetHandler } from "../../../../src/core/ports/asset-handler.js";
import type { AssetWrite, RefusedWrite } from "../../../../src/core/asset/asset-result.js";
import type { AssetRepository } from "../../../../src/core/ports/asset-repository.js";
import type { CommitAnswer } from "../../../../src/core/ports/chunk-store.js";
import { assetOf, entriesOf, jobOf, pathsOf } from "../../../support/builders.js";
import { rejection } from "../../../support/deferred.js";
import { engineTools, noChunks, repositoryOf, startLanes } from "../../../support/engine-tools.js";
import { ManualClock } from "../../../support/manual-clock.js";

type Apply = AssetRepository["apply"];

const refuse =
  (code: RefusedWrite["code"], ...paths: string[]): Apply =>
  async (writes) =>
    writes.filter(({ path }) => paths.includes(path)).map(({ path }) => ({ path, code, message: `because ${code}` }));

const HANDLER: AssetHandler = { name: "h", version: "1", process: () => ({ properties: { done: true } }) };

interface Options {
  readonly count?: number;
  readonly handler?: AssetHandler;
  readonly stat?: AssetRepository["stat"];
  readonly commit?: (part: ChunkPart) => CommitAnswer["end"] | Error;
}

/** A chunk whose handlers end at once, its results written by `apply`. */
function bench(apply: Apply, options: Options = {}) {
  const { count = 3, handler = HANDLER } = options;
  const clock = new ManualClock();
  const order: ("apply" | "commit")[] = [];
  const applied: (readonly AssetWrite[])[] = [];
  const parts: ChunkPart[] = [];
  const tools: ToolsUnderTest = engineTools({
    clock,
    options: { concurrency: 1 },
    handlers: [handler],
    repository: repositoryOf({
      enlist: undefined,
      stat: options.stat ?? (async (paths) => paths.map((path) => ({ kind: "asset", asset: assetOf(path) }))),
      apply: async (writes) => {
        order.push("apply");
        applied.push(writes);
        return apply(writes);
      },
    }),
    chunks: {
      ...noChunks,
      commit: async (batch) => {
        order.push("commit");
        return batch.map((part) => {
          parts.push(part);
          const end = options.commit?.(part) ?? "committed";
          if (end instanceof Error) throw end;
          return { end, job: jobOf() };
        });
      },
    },
  });
  const claim = {
    lease: { jobId: jobOf().id, chunk: 1, epoch: 1 },
    entries: entriesOf(pathsOf(count)),
    open: Array.from({ length: count }, (_, i) => i),
    takenOver: false,
  };
  const run = startLanes(
    jobOf(),
    claim,
    1_000_000,
    { slots: new Slots(1, clock), slice: new TimeSlice(clock, 1_000_000) },
    tools,
  );
  const ending = runChunk(run, run.batches(2_000), {
    committer: new Committer(tools),
    results: new ResultWriter({ ...tools, notice: { say: async () => {} } }),
    onAnswer: () => {},
  });
  return { run, ending, clock, order, applied, parts, journalled: tools.journalled };
}

async function ended(bench: { ending: Promise<string>; clock: ManualClock }): Promise<string> {
  let end: string | undefined;
  void bench.ending.then((value) => (end = value));
  for (let i = 0; i < 200 && end === undefined; i++) await bench.clock.advance(50);
  return end ?? "never";
}

const outcomesOf = (parts: readonly ChunkPart[]): Record<number, Outcome> =>
  Object.fromEntries(parts.flatMap((part) => [...part.outcomes].map(({ index, outcome }) => [index, outcome])));

const [A = "", B = "", C = ""] = pathsOf(3);

describe("results that are not enlisted in the commit", () => {
  it("are written before the outcomes, and the part carries none of them", async () => {
    const at = bench(async () => []);
    expect(await ended(at)).to.equal("done");
    expect(at.order).to.deep.equal(["apply", "commit"]);
    expect(at.applied.flat().map(({ path }) => path)).to.deep.equal([A, B, C]);
    expect(at.parts.map(({ writes, closes }) => [writes.length, closes])).to.deep.equal([[0, true]]);
  });

  for (const code of ["GONE", "LOCKED", "CHECKED_OUT"] as const) {
    it(`make the asset SKIPPED if they are refused as ${code}, and the others succeed`, async () => {
      const at = bench(refuse(code, B));
      expect(await ended(at)).to.equal("done");
      const outcomes = outcomesOf(at.parts);
      expect(outcomes[1]).to.deep.equal({ kind: "SKIPPED", code, message: `because ${code}`, attempts: 1 });
      expect([outcomes[0]?.kind, outcomes[2]?.kind]).to.deep.equal(["SUCCEEDED", "SUCCEEDED"]);
      const [part] = at.parts;
      expect(part?.tally.types.DITATOPIC).to.deep.include({ total: 0, succeeded: 2, failed: 0, skipped: 1 });
      expect(part?.tally.skips).to.deep.equal({ [code]: 1 });
      expect(part?.lines.map(({ message }) => message)).to.deep.equal([`Skipped 1 ${code}`]);
    });
  }

  for (const code of ["ACCESS_DENIED", "WRITE_FAILED"] as const) {
    it(`make the asset FAILED, with a log line that says so, if they are refused as ${code}`, async () => {
      const at = bench(refuse(code, A));
      expect(await ended(at)).to.equal("done");
      expect(outcomesOf(at.parts)[0]).to.deep.equal({ kind: "FAILED", code, message: `because ${code}`, attempts: 1 });
      const [part] = at.parts;
      expect(part?.tally.types.DITATOPIC).to.deep.include({ total: 0, succeeded: 2, failed: 1, skipped: 0 });
      expect(part?.lines.map(({ message }) => message)).to.deep.equal([`Failed ${A}: ${code} because ${code}`]);
    });
  }

  it("are not written again by a repeated commit, which carries exactly the same", async () => {
    let commits = 0;
    const at = bench(refuse("GONE", B), {
      commit: () => (++commits < 3 ? new AssetmillError("UNAVAILABLE", "the answer was lost") : "committed"),
    });
    expect(await ended(at)).to.equal("done");
    expect(at.order).to.deep.equal(["apply", "commit", "commit", "commit"]);
    expect(at.parts[1]).to.equal(at.parts[0]);
    expect(at.parts[2]).to.equal(at.parts[0]);
  });

  it("delay their outcomes' commit until the repository can be reached again", async () => {
    let calls = 0;
    const at = bench(async () => {
      if (++calls < 4) throw new AssetmillError("UNAVAILABLE", "gone fishing");
      return [];
    });
    expect(await ended(at)).to.equal("done");
    expect(at.order).to.deep.equal(["apply", "apply", "apply", "apply", "commit"]);
    expect(at.journalled).to.have.length(3);
    expect(Object.values(outcomesOf(at.parts)).map(({ kind }) => kind)).to.deep.equal(Array(3).fill("SUCCEEDED"));
  });

  it("leave their assets open if the repository is unreachable and the job is told to stop", async () => {
    const at = bench(async () => Promise.reject(new AssetmillError("UNAVAILABLE", "gone fishing")));
    await at.clock.advance(5_000);
    at.run.stop("job is stopping", true);
    await at.clock.advance(600);
    expect(await ended(at)).to.equal("stopped");
    expect(at.parts).to.deep.equal([]);
  });

  for (const reason of ["lease lost", "lease expired"] as const) {
    it(`are not written once the ${reason.replace(" ", " is ")}: failures are still committed, the rest stays open`, async () => {
      const at = bench(async () => [], {
        handler: {
          ...HANDLER,
          process: (asset) => {
            if (asset.path === A) throw new Error("broken");
            if (asset.path === C) at.run.stop(reason, false);
            return {};
          },
        },
      });
      expect(await ended(at)).to.equal(reason === "lease lost" ? "lost" : "stopped");
      expect(at.applied).to.deep.equal([]);
      expect(at.parts.map(({ outcomes, closes }) => [outcomes.indices, closes])).to.deep.equal([[[0], false]]);
    });
  }

  it("are not written once the lease has expired by this process's own clock, even if nobody has reported it yet", async () => {
    const at = bench(async () => []);
    at.run.leaseUntilMs = at.clock.monotonicMs() - 1;
    expect(await ended(at)).to.equal("stopped");
    expect([at.applied, at.parts]).to.deep.equal([[], []]);
  });

  it("end the chunk with the repository's error if it fails to write them for a reason of its own", async () => {
    const at = bench(async () => Promise.reject(new Error("bad diff")));
    const failing = rejection(at.ending);
    await at.clock.advance(100);
    expect(await failing).to.match(/bad diff/);
    expect(at.parts).to.deep.equal([]);
  });
});

describe("an asset that changed between read and write", () => {
  it("is read again, and its handlers rerun on its new state", async () => {
    const sizes: number[] = [];
    let writes = 0;
    const at = bench(async (batch) => (writes++ === 0 ? refuse("CHANGED", B)(batch) : []), {
      handler: {
        ...HANDLER,
        process: (asset) => {
          if (asset.path === B) sizes.push(asset.sizeBytes);
          return {};
        },
      },
      stat: async (paths) =>
        paths.map((path) => ({ kind: "asset", asset: assetOf(path, { sizeBytes: 77, fileType: "OTHERS" }) })),
    });
    expect(await ended(at)).to.equal("done");
    expect(sizes).to.deep.equal([10, 77]);
    expect(at.applied[1]?.map(({ path, stamp }) => [path, stamp.sizeBytes])).to.deep.equal([[B, 77]]);
    // The type that discovery counted it under.
    const sum = at.parts.reduce((n, { tally }) => n + (tally.types.DITATOPIC?.succeeded ?? 0), 0);
    expect(sum).to.equal(3);
    expect(at.parts.map(({ part, closes }) => [part, closes])).to.deep.equal([
      [0, false],
      [1, true],
    ]);
  });

  it("is SKIPPED CHANGED if it changes again after its handlers ran twice", async () => {
    let runs = 0;
    const at = bench(refuse("CHANGED", C), {
      handler: { ...HANDLER, process: (asset) => void (asset.path === C && runs++) },
    });
    expect(await ended(at)).to.equal("done");
    expect(runs).to.equal(2);
    expect(outcomesOf(at.parts)[2]).to.include({ kind: "SKIPPED", code: "CHANGED" });
    expect(at.applied.map((batch) => batch.map(({ path }) => path))).to.deep.equal([[A, B, C], [C]]);
  });

  it("is GONE if it was deleted or replaced by a folder", async () => {
    const at = bench(refuse("CHANGED", A, C), {
      stat: async (paths) => paths.map((path) => (path === A ? undefined : { kind: "folder", path })),
    });
    expect(await ended(at)).to.equal("done");
    const outcomes = outcomesOf(at.parts);
    expect(outcomes[0]).to.include({ kind: "SKIPPED", code: "GONE" });
    expect(outcomes[2]).to.include({ kind: "SKIPPED", code: "GONE" });
  });

  it("is FAILED if its second run fails", async () => {
    let runs = 0;
    const at = bench(refuse("CHANGED", A), {
      count: 1,
      handler: {
        ...HANDLER,
        process: () => {
          if (runs++ > 0) throw new Error("broken now");
        },
      },
    });
    expect(await ended(at)).to.equal("done");
    expect(outcomesOf(at.parts)[0]).to.include({ kind: "FAILED", code: "HANDLER_ERROR", message: "broken now" });
  });

  it("stays open if the chunk is told to stop meanwhile", async () => {
    const at = bench(refuse("CHANGED", B), {
      stat: async (paths) => {
        at.run.stop("job is stopping", true);
        return paths.map((path) => ({ kind: "asset", asset: assetOf(path) }));
      },
    });
    expect(await ended(at)).to.equal("stopped");
    expect(Object.keys(outcomesOf(at.parts))).to.deep.equal(["0", "2"]);
  });
});
