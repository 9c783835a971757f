import { expect } from "chai";
import { AssetmillError } from "../../../src/core/errors.js";
import type { Job } from "../../../src/core/job/job.js";
import { sumOf } from "../../../src/core/job/tally.js";
import { draftOf, partOf, pathsOf } from "../../../src/testing/conformance/job-steps.js";
import { type Stores, StoreScene } from "../../../src/testing/conformance/store-scene.js";
import { openPostgresStores } from "../../support/conformance-fixtures.js";

/** What the conformance suite tries a few times, often enough to meet rare interleavings. */
const ROUNDS = 100;

describe("two nodes on PostgreSQL with their own connections", () => {
  let scene: StoreScene;
  let other: Stores;
  let close: () => Promise<void>;

  beforeEach(async () => {
    const fixture = await openPostgresStores();
    scene = new StoreScene(fixture);
    other = await scene.another();
    close = () => fixture.close();
  });
  afterEach(() => close());

  const succeeded = async (job: Job): Promise<number> => sumOf((await scene.now(job)).tally).succeeded;

  const ends = async (job: Job): Promise<number> =>
    (await scene.lines(job)).filter((line) => line.includes("] Ended ")).length;

  it(`let exactly one of two racing last commits finish the job, ${ROUNDS} times`, async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const job = await scene.discovered(4, { chunkSize: 2 });
      const [a, b] = await scene.twoChunks(job);
      const answers = await Promise.all([scene.chunks.commit([partOf(a)]), other.chunks.commit([partOf(b)])]);
      const statuses = answers.map(([answer]) => [answer?.end, answer?.job.state.status]);
      expect(statuses.map(([end]) => end)).to.deep.equal(["committed", "committed"]);
      expect(statuses.filter(([, status]) => status === "SUCCESS")).to.have.length(1);
      const { state, openChunks } = await scene.now(job);
      expect([state.status, openChunks, await ends(job)]).to.deep.equal(["SUCCESS", 0, 1]);
    }
  });

  it(`admit exactly one of two racing starts whose scopes overlap, ${ROUNDS} times`, async () => {
    const scopes: readonly (readonly [string, string])[] = [
      ["/root", "/root"],
      ["/root", "/root/a/b"],
      ["/root/a", "/"],
    ];
    for (let round = 0; round < ROUNDS; round++) {
      const [one = "", two = ""] = scopes[round % scopes.length] ?? [];
      const starts = await Promise.allSettled([
        scene.create(draftOf({}, { paths: [one] })),
        scene.create(draftOf({}, { paths: [two] }), other),
      ]);
      const jobs = starts.flatMap((start) => (start.status === "fulfilled" ? [start.value] : []));
      const refused = starts.flatMap((start) => (start.status === "rejected" ? [start.reason as unknown] : []));
      expect(jobs.length, `round ${round}`).to.equal(1);
      expect(refused.map((error) => (AssetmillError.is(error) ? error.code : error))).to.deep.equal(["PATH_BUSY"]);
      for (const job of jobs) await scene.stop(job, "cancel");
    }
    expect((await scene.jobs.list({ limit: 1_000 })).jobs).to.have.length(ROUNDS);
  });

  it("never claim the same chunk at once, and together claim all of them", async () => {
    const count = 2 * ROUNDS;
    const job = await scene.discovered(count, { chunkSize: 1 });
    const taken: string[] = [];
    for (let idle = 0; idle < 3;) {
      const claims = await Promise.all([
        scene.claim(job, { owner: "node-1", chunks: 1 }),
        scene.claim(job, { owner: "node-2", chunks: 1 }, other),
        scene.claim(job, { owner: "node-3", chunks: 1 }),
        scene.claim(job, { owner: "node-4", chunks: 1 }, other),
      ]);
      const chunks = claims.flat();
      expect(chunks.map(({ lease }) => lease.epoch).filter((epoch) => epoch !== 1)).to.deep.equal([]);
      taken.push(...chunks.map(({ lease }) => String(lease.chunk)));
      idle = chunks.length === 0 ? idle + 1 : 0;
    }
    expect(taken).to.have.length(count);
    expect(new Set(taken).size).to.equal(count);
  });

  it(`let either a commit store its outcomes or a takeover get the chunk if they race, ${ROUNDS} times`, async () => {
    const ended = { committed: 0, lost: 0 };
    const job = await scene.discovered(2 * ROUNDS, { chunkSize: 2 });
    for (let round = 0; round < ROUNDS; round++) {
      const old = await scene.oneChunk(job, { owner: "frozen", ttlMs: 0 });
      const before = await succeeded(job);
      const takeOver = (): Promise<readonly { lease: { chunk: number; epoch: number } }[]> =>
        scene.claim(job, { owner: "other", chunks: 1 }, other);
      const [[answer], taken] = await Promise.all([scene.chunks.commit([partOf(old)]), takeOver()]);
      const stored = (await succeeded(job)) - before;
      const same = taken.filter(({ lease }) => lease.chunk === old.lease.chunk);
      if (answer?.end === "committed") expect([stored, same], `round ${round}`).to.deep.equal([2, []]);
      else
        expect([stored, same.map(({ lease }) => lease.epoch)], `round ${round}`).to.deep.equal([
          0,
          [old.lease.epoch + 1],
        ]);
      ended[answer?.end ?? "lost"]++;
      await other.chunks.release(taken.map(({ lease }) => lease) as never);
      if (answer?.end !== "lost") continue;
      const [again] = await scene.claim(job, { owner: "other", chunks: 1 });
      if (again) await scene.chunks.commit([partOf(again)]);
    }
    process.stderr.write(`      ${ended.committed} committed, ${ended.lost} lost\n`);
    expect(ended.committed + ended.lost).to.equal(ROUNDS);
    expect(await scene.status(job)).to.equal("SUCCESS");
    expect(await scene.outcomePaths(job)).to.deep.equal(pathsOf(2 * ROUNDS));
  });

  it(`end the job once if a cancel and the last commit race, ${ROUNDS} times`, async () => {
    const ended = { CANCELLED: 0, SUCCESS: 0 };
    for (let round = 0; round < ROUNDS; round++) {
      const job = await scene.discovered(2, { chunkSize: 2 });
      const chunk = await scene.oneChunk(job);
      const [cancelled, [answer]] = await Promise.all([
        scene.stop(job, "cancel").then(
          () => true,
          () => false,
        ),
        other.chunks.commit([partOf(chunk)]),
      ]);
      expect(answer?.end).to.equal("committed");
      const status = cancelled ? "CANCELLED" : "SUCCESS";
      expect([await scene.status(job), await ends(job)]).to.deep.equal([status, 1]);
      ended[status]++;
    }
    process.stderr.write(`      ${ended.CANCELLED} cancelled, ${ended.SUCCESS} finished\n`);
  });
});
