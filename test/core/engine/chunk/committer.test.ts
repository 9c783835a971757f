import { expect } from "chai";
import type { ChunkPart } from "../../../../src/core/job/chunk.js";
import { Outcomes } from "../../../../src/core/job/outcomes.js";
import { Committer } from "../../../../src/core/engine/chunk/committer.js";
import { AssetmillError } from "../../../../src/core/errors.js";
import type { AssetWrite } from "../../../../src/core/asset/asset-result.js";
import type { AssetRepository } from "../../../../src/core/ports/asset-repository.js";
import type { EnlistedWriter } from "../../../../src/core/ports/asset-repository.js";
import type { CommitAnswer } from "../../../../src/core/ports/chunk-store.js";
import { EMPTY_TALLY } from "../../../../src/core/job/tally.js";
import { jobOf, SUCCEEDED } from "../../../support/builders.js";
import { deferred, rejection } from "../../../support/deferred.js";
import { engineTools, noChunks, repositoryOf } from "../../../support/engine-tools.js";
import { ManualClock, quiet } from "../../../support/manual-clock.js";

const writeOf = (path: string): AssetWrite => ({
  path,
  properties: {},
  references: {},
  stamp: { sizeBytes: 1, modifiedMs: 1, contentHash: null, handlers: {} },
  jobId: "job",
});

const partOf = (chunk: number): ChunkPart => ({
  lease: { jobId: "job", chunk, epoch: 1 },
  part: 0,
  outcomes: Outcomes.of([{ index: 0, outcome: SUCCEEDED, ageMs: 0 }]),
  closes: true,
  advances: true,
  tally: EMPTY_TALLY,
  writes: [writeOf(`/root/${chunk}`)],
  lines: [],
  warnings: 0,
  pace: { types: {}, elapsedMs: 0 },
});

type Commit = (parts: readonly ChunkPart[], results?: EnlistedWriter) => Promise<readonly CommitAnswer[]>;

const committed: Commit = async (parts) => parts.map(() => ({ end: "committed", job: jobOf() }));

function bench(commit: Commit = committed, repository: Partial<AssetRepository> = { enlist: async () => {} }) {
  const batches: (readonly ChunkPart[])[] = [];
  const enlisted: (EnlistedWriter | undefined)[] = [];
  const clock = new ManualClock({ autoAdvance: true });
  const tools = engineTools({
    clock,
    options: { chunksPerCommit: 4 },
    repository: repositoryOf(repository),
    chunks: {
      ...noChunks,
      commit: (parts, results) => {
        batches.push(parts);
        enlisted.push(results);
        return commit(parts, results);
      },
    },
  });
  return { committer: new Committer(tools), batches, enlisted, clock, journalled: tools.journalled };
}

const chunksOf = (batches: readonly (readonly ChunkPart[])[]): number[][] =>
  batches.map((parts) => parts.map(({ lease }) => lease.chunk));

describe("a commit", () => {
  it("shares a transaction with those that arrive together", async () => {
    const { committer, batches } = bench();
    await Promise.all([1, 2, 3].map((chunk) => committer.commit(partOf(chunk))));
    expect(chunksOf(batches)).to.deep.equal([[1, 2, 3]]);
  });

  it("shares it only up to the limit, in order of arrival", async () => {
    const { committer, batches } = bench();
    await Promise.all([1, 2, 3, 4, 5, 6, 7, 8, 9].map((chunk) => committer.commit(partOf(chunk))));
    expect(chunksOf(batches).flat()).to.deep.equal([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(batches.map((parts) => parts.length)).to.deep.equal([4, 4, 1]);
  });

  it("is stored in a transaction that follows the one before it", async () => {
    const gate = deferred();
    let open = 0;
    let most = 0;
    const { committer, batches } = bench(async (parts) => {
      most = Math.max(most, ++open);
      await gate.promise;
      open--;
      return committed(parts);
    });
    const first = committer.commit(partOf(1));
    await quiet();
    const later = [2, 3].map((chunk) => committer.commit(partOf(chunk)));
    await quiet();
    gate.resolve();
    await Promise.all([first, ...later]);
    expect(most).to.equal(1);
    expect(chunksOf(batches)).to.deep.equal([[1], [2, 3]]);
  });

  it("is answered with its own result", async () => {
    const { committer } = bench(async (parts) =>
      parts.map(({ lease }) => ({ end: lease.chunk === 2 ? "lost" : "committed", job: jobOf() })),
    );
    const answers = await Promise.all([1, 2, 3].map((chunk) => committer.commit(partOf(chunk))));
    expect(answers.map(({ end }) => end)).to.deep.equal(["committed", "lost", "committed"]);
  });

  it("is also stored if it arrives after an idle period", async () => {
    const { committer, batches } = bench();
    await committer.commit(partOf(1));
    await quiet();
    await committer.commit(partOf(2));
    expect(chunksOf(batches)).to.deep.equal([[1], [2]]);
  });
});

describe("an unreachable store", () => {
  const failing = (times: number): Commit => {
    let calls = 0;
    return (parts) =>
      ++calls <= times ? Promise.reject(new AssetmillError("UNAVAILABLE", "gone fishing")) : committed(parts);
  };

  it("is retried with exactly the same parts, whatever arrives meanwhile", async () => {
    const gates = [deferred(), deferred()];
    let calls = 0;
    const { committer, batches } = bench(async (parts) => {
      const gate = gates[calls++];
      if (!gate) return committed(parts);
      await gate.promise;
      throw new AssetmillError("UNAVAILABLE", "gone fishing");
    });
    const first = [1, 2].map((chunk) => committer.commit(partOf(chunk)));
    await quiet();
    const later = committer.commit(partOf(3));
    for (const gate of gates) {
      gate.resolve();
      await quiet();
    }
    await Promise.all([...first, later]);
    expect(chunksOf(batches)).to.deep.equal([[1, 2], [1, 2], [1, 2], [3]]);
    expect(batches[1]).to.deep.equal(batches[0]);
    expect(batches[2]?.[0]).to.equal(batches[0]?.[0]);
  });

  it("is retried with growing pauses of at most ten seconds, each reported to the journal", async () => {
    const { committer, clock, journalled } = bench(failing(12));
    await committer.commit(partOf(1));
    const pauses = clock.sleeps.filter((ms) => ms >= 100);
    expect(pauses).to.have.length(12);
    expect(pauses.slice(0, 4)).to.deep.equal([200, 400, 800, 1_600]);
    expect(Math.max(...pauses)).to.equal(10_000);
    expect(journalled).to.have.length(12);
  });

  it("never makes a commit fail", async () => {
    const { committer } = bench(failing(50));
    expect((await committer.commit(partOf(1))).end).to.equal("committed");
  });
});

describe("a part that the store rejects", () => {
  const poisoned: Commit = (parts) =>
    parts.some(({ lease }) => lease.chunk === 2) ? Promise.reject(new Error("poison")) : committed(parts);

  it("fails alone: the others of its transaction are stored", async () => {
    const { committer } = bench(poisoned);
    const [first, second, third] = [1, 2, 3].map((chunk) => committer.commit(partOf(chunk)));
    expect(((await rejection(second as Promise<CommitAnswer>)) as Error).message).to.equal("poison");
    expect((await first)?.end).to.equal("committed");
    expect((await third)?.end).to.equal("committed");
  });

  it("does not hold up those that arrive after it", async () => {
    const { committer } = bench(poisoned);
    expect(await rejection(committer.commit(partOf(2)))).to.be.instanceOf(Error);
    expect((await committer.commit(partOf(4))).end).to.equal("committed");
  });

  it("is not retried for ever", async () => {
    const { committer, batches } = bench(poisoned);
    await rejection(committer.commit(partOf(2)));
    expect(batches).to.have.length(1);
  });
});

describe("results", () => {
  it("join the store's transaction and are not applied if they can be enlisted", async () => {
    const enlist: EnlistedWriter = async () => {};
    const { committer, enlisted } = bench(committed, { enlist });
    await committer.commit(partOf(1));
    expect(enlisted).to.deep.equal([enlist]);
  });

  it("are written before the commit if they cannot be enlisted, and a repeated commit carries outcomes alone", async () => {
    const { committer, enlisted } = bench(committed, { enlist: undefined });
    await committer.commit(partOf(1));
    expect(enlisted).to.deep.equal([undefined]);
  });

  it("are not retried once the worker gives up: a store that never answers again cannot keep the process alive", async () => {
    const { committer, batches, journalled } = bench(async () => {
      if (batches.length === 3) committer.giveUp();
      throw new AssetmillError("UNAVAILABLE", "gone");
    });
    expect(String(await rejection(committer.commit(partOf(1))))).to.match(/gone/);
    expect([batches.length, journalled.length]).to.deep.equal([3, 2]);
  });
});
