import { expect } from "chai";
import type { ChunkClaim } from "../../../src/core/chunk.js";
import type { Job } from "../../../src/core/job.js";
import { cancel, giveUp, pause, resume } from "../../../src/core/job-transitions.js";
import { info } from "../../../src/core/log-entry.js";
import type { ClaimRequest } from "../../../src/core/ports/chunk-store.js";
import { reportOf } from "../../../src/core/operator/job-report.js";
import { assetOf, entriesOf, failedWith, pathsOf, SUCCEEDED, skippedFor } from "../../support/builders.js";
import { rejection } from "../../support/deferred.js";
import { until } from "../../support/manual-clock.js";
import { dump, openStores, type StoreFixture, type Stores, storesOn } from "../../support/sqlite-store.js";
import {
  claimChunks,
  claimDiscovery,
  claimRequest,
  discoveredJob,
  draftOf,
  pageOf,
  partOf,
} from "../../support/store-steps.js";

/** A lease that has run out as soon as it is given. */
const RUN_OUT = { ttlMs: 0 };

describe("the chunk store on SQLite", function () {
  this.timeout(30_000);
  let stores: StoreFixture;
  beforeEach(async () => {
    stores = await openStores();
  });
  afterEach(() => stores.close());

  const jobNow = async (job: Job): Promise<Job> => (await stores.jobs.get(job.id)) as Job;
  const statusNow = async (job: Job): Promise<string> => (await jobNow(job)).state.status;
  const linesOf = async (job: Job): Promise<readonly string[]> => (await stores.log.read(job.id, 0, 10_000)).lines;
  const stop = (job: Job, how: "cancel" | "pause" | "give up"): Promise<Job> =>
    stores.jobs.update(job.id, (view) =>
      how === "cancel"
        ? cancel(view.job, "ann", view.facts)
        : how === "pause"
          ? pause(view.job, "ann", view.facts)
          : giveUp(view.job, "too bad", view.facts),
    );
  /** A node that has just come: it has not yet asked who is dead. */
  const newcomer = (): Stores => storesOn(stores.database);
  const oneChunk = async (job: Job, over: Partial<ClaimRequest> = {}, on: Stores = stores): Promise<ChunkClaim> => {
    const [chunk] = await claimChunks(on, job, { chunks: 1, ...over });
    if (!chunk) throw new Error("no chunk could be claimed");
    return chunk;
  };

  /** A commit whose statements meet a full disk amid the transaction, at each of so many sizes; then room again. */
  it("a disk that fills up amid a commit stores nothing of it, and the commit repeated stores it once", async () => {
    const job = await discoveredJob(stores, 4, { chunkSize: 2 });
    const chunk = await oneChunk(job);
    const noise = Array.from({ length: 30_000 }, (_, i) => Math.sin(i).toString(36)).join();
    const part = partOf(chunk, {
      outcome: () => failedWith("X", noise),
      lines: [info(noise)],
      writes: [],
    });
    const limit = (pages: number) =>
      stores.database.write(async (tx) => void (await tx.query(`pragma max_page_count = ${pages}`)));
    const [size] = await stores.database.read("pragma page_count");
    const before = await dump(stores.database);
    let refused = 0;
    for (let more = 1; more < 400; more += 13) {
      await limit(Number(size?.page_count) + more);
      try {
        await stores.chunks.commit([part]);
        break;
      } catch (error) {
        expect(error).to.include({ code: "UNAVAILABLE" });
        expect(await dump(stores.database)).to.deep.equal(before);
        refused++;
      }
    }
    await limit(1_000_000);
    expect(refused, "a check that cannot fail").to.be.above(2);
    expect((await stores.chunks.commit([part]))[0]?.end).to.equal("committed");
    const { tally, openChunks } = await jobNow(job);
    expect([tally.types.DITATOPIC?.failed, openChunks]).to.deep.equal([2, 1]);
  });

  it("a job whose request can no longer be read is shown, never run, and not run again", async () => {
    const job = await stores.jobs.create(draftOf({}, { dryRun: true, paths: ["/root/x"] }), () => {});
    await stores.database.write((tx) => tx.query("update assetmill_job set request = '{' where id = ?", [job.id]));
    expect(await stores.chunks.claim(claimRequest())).to.deep.equal([]);
    const now = await jobNow(job);
    expect([now.state.status, now.comments]).to.deep.equal(["FAILURE", "its request is damaged in the store"]);
    expect(reportOf(now)).to.include({ restartable: false, resumable: false, type: "ASSET_PROCESSING" });
    const resumed = stores.jobs.update(job.id, (view) => resume(view.job, "ann"));
    expect(await rejection(resumed)).to.include({ code: "ILLEGAL_STATE" });
  });

  it("a claim that fails at its second job answers what it took of the first: nobody else could work on that", async () => {
    const first = await discoveredJob(stores, 2);
    await discoveredJob(stores, 2, { draft: draftOf({}, { paths: ["/other"] }) });
    let writes = 0;
    const failing = new Proxy(stores.database, {
      get: (database, name) => {
        const value: unknown = Reflect.get(database, name, database);
        if (name !== "write") return typeof value === "function" ? value.bind(database) : value;
        return (work: never) => (++writes === 2 ? Promise.reject(new Error("gone")) : database.write(work));
      },
    });
    const claims = await storesOn(failing).chunks.claim(claimRequest());
    expect([writes, claims.map(({ job }) => job.id)]).to.deep.equal([2, [first.id]]);
  });

  it("a chunk that can no longer be read ends its job, names the chunk, and holds up no other job", async () => {
    const broken = await discoveredJob(stores, 6, { chunkSize: 2 });
    await stores.database.write((tx) =>
      tx.query("update assetmill_chunk set manifest = x'07' where job_id = ? and chunk = 2", [broken.id]),
    );
    const sound = await discoveredJob(stores, 2, { chunkSize: 2, draft: draftOf({}, { paths: ["/other"] }) });
    const claims = await stores.chunks.claim(claimRequest());
    expect(claims.map((claim) => claim.job.id)).to.deep.equal([sound.id]);
    expect((await jobNow(broken)).state.status).to.equal("FAILURE");
    expect((await jobNow(broken)).comments).to.match(/chunk 2 is damaged/);
    expect(
      await stores.database.read("select count(*) as n from assetmill_lease where state = 'LEASED'"),
    ).to.deep.equal([{ n: 1 }]);
  });

  describe("a claim", () => {
    it("of a new job takes its discovery from the beginning, and begins the job", async () => {
      const job = await stores.jobs.create(draftOf(), () => {});
      const [claim] = await stores.chunks.claim(claimRequest());
      expect(claim?.discovery).to.deep.equal({
        lease: { jobId: job.id, chunk: 0, epoch: 1 },
        part: 0,
        cursor: undefined,
        nextChunk: 1,
        takenOver: false,
      });
      expect(claim?.chunks).to.deep.equal([]);
      expect(claim?.job.state).to.deep.equal({ status: "PROCESSING", pausing: false });
      expect(await jobNow(job)).to.deep.equal(claim?.job);
      expect((await jobNow(job)).startedAtMs).to.be.above(0);
    });

    it("takes chunks in path order, with their manifests, no more than asked for, and counts them as triggered", async () => {
      const job = await discoveredJob(stores, 35);
      const [claim] = await stores.chunks.claim(claimRequest({ chunks: 3 }));
      expect(claim?.chunks.map(({ lease }) => [lease.chunk, lease.epoch])).to.deep.equal([
        [1, 1],
        [2, 1],
        [3, 1],
      ]);
      expect(claim?.chunks.flatMap(({ entries }) => entries)).to.deep.equal(entriesOf(pathsOf(30)));
      expect(claim?.chunks[0]?.open).to.deep.equal([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
      expect((await jobNow(job)).triggered).to.equal(30);
      expect(await claimChunks(stores, job)).to.have.length(1);
      expect((await jobNow(job)).triggered).to.equal(35);
    });

    it("takes nothing twice", async () => {
      const job = await discoveredJob(stores, 35);
      expect(await claimChunks(stores, job)).to.have.length(4);
      expect(await stores.chunks.claim(claimRequest())).to.deep.equal([]);
    });

    it("of two at once gives each chunk to one of them", async () => {
      const job = await discoveredJob(stores, 200);
      const other = await stores.another();
      const claims = await Promise.all(
        Array.from({ length: 10 }, (_, i) =>
          claimChunks(i % 2 ? other : stores, job, { chunks: 3, owner: `node-${i}` }),
        ),
      );
      const taken = claims.flat().map(({ lease }) => lease.chunk);
      expect(taken.sort((a, b) => a - b)).to.deep.equal(Array.from({ length: 20 }, (_, i) => i + 1));
    });

    it("leaves out assets that a skip rule decided, and chunks of nothing else", async () => {
      const entries = entriesOf(pathsOf(20)).map((entry, i) =>
        i === 3 || i >= 10 ? { ...entry, skip: "SUB_ASSET" as const } : entry,
      );
      const job = await discoveredJob(stores, 0, { entries });
      const chunks = await claimChunks(stores, job);
      expect(chunks.map(({ lease }) => lease.chunk)).to.deep.equal([1]);
      expect(chunks[0]?.open).to.deep.equal([0, 1, 2, 4, 5, 6, 7, 8, 9]);
      expect(chunks[0]?.entries[3]).to.deep.equal(entries[3]);
      expect(await jobNow(job)).to.include({ triggered: 9, openChunks: 1 });
    });

    it("is by priority, then by creation", async () => {
      const make = (path: string, priority: number): Promise<Job> =>
        stores.jobs.create(draftOf({}, { paths: [path], priority }), () => {});
      const jobs = [await make("/a", 5), await make("/b", 0), await make("/c", 9), await make("/d", 0)];
      const claims = await stores.chunks.claim(claimRequest({ discoveries: 4 }));
      expect(claims.map(({ job }) => job.id)).to.deep.equal([1, 3, 0, 2].map((i) => jobs[i]?.id));
    });

    it("is of jobs of its repository, whose every handler the node has", async () => {
      await stores.jobs.create(draftOf({ repository: "folder:/other" }), () => {});
      await stores.jobs.create(draftOf({ handlers: ["h", "exotic"] }, { paths: ["/a"] }), () => {});
      const mine = await stores.jobs.create(draftOf({ handlers: ["h"] }, { paths: ["/b"] }), () => {});
      const claims = await stores.chunks.claim(claimRequest({ discoveries: 9, handlers: ["other", "h"] }));
      expect(claims.map(({ job }) => job.id)).to.deep.equal([mine.id]);
    });

    it("of one job alone takes nothing of the others", async () => {
      await stores.jobs.create(draftOf({}, { paths: ["/a"] }), () => {});
      const mine = await stores.jobs.create(draftOf({}, { paths: ["/b"] }), () => {});
      const claims = await stores.chunks.claim(claimRequest({ discoveries: 9, jobId: mine.id }));
      expect(claims.map(({ job }) => job.id)).to.deep.equal([mine.id]);
    });

    for (const how of ["cancel", "pause", "give up"] as const) {
      it(`takes nothing of a job that was told to stop (${how})`, async () => {
        const job = await discoveredJob(stores, 30);
        await oneChunk(job);
        await stop(job, how);
        expect(await claimChunks(stores, job)).to.deep.equal([]);
      });
    }

    it("takes nothing where nothing is wanted", async () => {
      await discoveredJob(stores, 30);
      expect(await stores.chunks.claim(claimRequest({ chunks: 0, discoveries: 0 }))).to.deep.equal([]);
    });
  });

  describe("a takeover", () => {
    it("waits for a lease that has not run out", async () => {
      const job = await discoveredJob(stores, 10);
      await oneChunk(job, { owner: "node-1", ttlMs: 60_000 });
      expect(await claimChunks(stores, job, { owner: "node-2" })).to.deep.equal([]);
    });

    it("follows at once where the lease has run out, with the next epoch, and the log says so", async () => {
      const job = await discoveredJob(stores, 10);
      await oneChunk(job, RUN_OUT);
      const again = await oneChunk(job, { owner: "node-2" });
      expect(again).to.deep.include({ lease: { jobId: job.id, chunk: 1, epoch: 2 }, takenOver: true });
      expect((await linesOf(job)).at(-1)).to.match(/Went on with 1 lease/);
      expect((await jobNow(job)).attempt).to.equal(1);
    });

    it("follows at once where the owner is known to be dead, however long its lease", async () => {
      const job = await discoveredJob(stores, 10);
      await oneChunk(job, { owner: "dead", ttlMs: 3_600_000 });
      const again = await oneChunk(job, { owner: "node-2", isKnownDead: (owner) => owner === "dead" }, newcomer());
      expect(again.lease.epoch).to.equal(2);
    });

    it("follows within a second where the owner dies just after it was looked at", async () => {
      const job = await discoveredJob(stores, 10);
      await oneChunk(job, { owner: "node-1", ttlMs: 3_600_000 });
      expect(await claimChunks(stores, job, { owner: "node-2" })).to.deep.equal([]);
      let taken: readonly ChunkClaim[] = [];
      const claiming = async (): Promise<boolean> => {
        taken = await claimChunks(stores, job, { owner: "node-2", isKnownDead: (owner) => owner === "node-1" });
        return taken.length > 0;
      };
      await until("the takeover", claiming, 1_000);
      expect(taken.map(({ lease }) => lease.epoch)).to.deep.equal([2]);
    });

    it("does not touch the leases of the living while it takes those of the dead", async () => {
      const job = await discoveredJob(stores, 20);
      await oneChunk(job, { owner: "living" });
      await oneChunk(job, { owner: "dead" });
      const taken = await claimChunks(newcomer(), job, { isKnownDead: (owner) => owner === "dead" });
      expect(taken.map(({ lease }) => lease.chunk)).to.deep.equal([2]);
    });

    it("of one lease by ten at once has one winner", async () => {
      const job = await discoveredJob(stores, 10);
      await oneChunk(job, RUN_OUT);
      const other = await stores.another();
      const claims = await Promise.all(
        Array.from({ length: 10 }, (_, i) => claimChunks(i % 2 ? other : stores, job, { owner: `node-${i}` })),
      );
      expect(claims.flat().map(({ lease }) => lease.epoch)).to.deep.equal([2]);
    });

    it("counts no asset as triggered a second time", async () => {
      const job = await discoveredJob(stores, 10);
      await oneChunk(job, RUN_OUT);
      await oneChunk(job);
      expect((await jobNow(job)).triggered).to.equal(10);
    });

    it("goes on with the indices that have no outcome, over several earlier parts", async () => {
      const job = await discoveredJob(stores, 10);
      const first = await oneChunk(job);
      await stores.chunks.commit([partOf(first, { indices: [0, 7] })]);
      await stores.chunks.commit([partOf(first, { part: 1, indices: [3] })]);
      await stores.chunks.release([first.lease]);
      const second = await oneChunk(job);
      expect(second.open).to.deep.equal([1, 2, 4, 5, 6, 8, 9]);
      await stores.chunks.commit([partOf(second, { indices: [1], closes: false })]);
      await stores.chunks.release([second.lease]);
      expect((await oneChunk(job)).open).to.deep.equal([2, 4, 5, 6, 8, 9]);
    });

    it("of discovery goes on at its cursor", async () => {
      const job = await stores.jobs.create(draftOf(), () => {});
      const first = await claimDiscovery(stores, job);
      const entries = entriesOf(pathsOf(50));
      await stores.chunks.addPage(first.lease, pageOf(first, entries.slice(0, 20), { last: false }));
      const second = await claimDiscovery(newcomer(), job, { isKnownDead: () => true });
      expect(second).to.deep.equal({
        lease: { jobId: job.id, chunk: 0, epoch: 2 },
        part: 1,
        cursor: pathsOf(50)[19],
        nextChunk: 3,
        takenOver: true,
      });
    });
  });

  describe("a commit", () => {
    it("stores outcomes, counters, lines and the chunk's end together", async () => {
      const job = await discoveredJob(stores, 10);
      const chunk = await oneChunk(job);
      const [answer] = await stores.chunks.commit([
        partOf(chunk, {
          outcome: (_asset, i) => (i === 0 ? failedWith("X") : i === 1 ? skippedFor("GONE") : SUCCEEDED),
          lines: [info("one"), info("two")],
        }),
      ]);
      expect(answer?.end).to.equal("committed");
      const now = await jobNow(job);
      expect(answer?.job).to.deep.equal(now);
      expect(now.tally.types.DITATOPIC).to.deep.equal({ total: 10, succeeded: 8, failed: 1, skipped: 1 });
      expect(now.tally.skips).to.deep.equal({ GONE: 1 });
      expect(now.state.status).to.equal("SUCCESS");
      const { outcomes } = await stores.reports.outcomes(job.id, { limit: 100 });
      expect(outcomes.map(({ outcome }) => outcome).slice(0, 3)).to.deep.equal(["FAILED", "SKIPPED", "SUCCEEDED"]);
      const lines = await linesOf(job);
      expect(lines).to.have.length(now.logLines);
      expect(lines.some((line) => line.endsWith(" one"))).to.equal(true);
    });

    it("under an old epoch stores nothing, in no table", async () => {
      const job = await discoveredJob(stores, 20);
      const old = await oneChunk(job, RUN_OUT);
      await oneChunk(job, { owner: "node-2" });
      const before = await dump(stores.database);
      const results: unknown[] = [];
      const part = partOf(old, { lines: [info("zombie")], writes: [writeOf("/root/a0000")] });
      const [answer] = await stores.chunks.commit([part], async (_tx, writes) => void results.push(...writes));
      expect(answer?.end).to.equal("lost");
      expect(answer?.job).to.deep.equal(await jobNow(job));
      expect(results).to.deep.equal([]);
      expect(await dump(stores.database)).to.deep.equal(before);
    });

    it("under an old epoch stores nothing though the same node holds the chunk again, in the same transaction", async () => {
      const job = await discoveredJob(stores, 10);
      const old = await oneChunk(job, RUN_OUT);
      const current = await oneChunk(job);
      const answers = await stores.chunks.commit([
        partOf(old, { indices: [0, 1], closes: false }),
        partOf(current, { indices: [1, 2], closes: false }),
      ]);
      expect(answers.map(({ end }) => end)).to.deep.equal(["lost", "committed"]);
      expect((await jobNow(job)).tally.types.DITATOPIC?.succeeded).to.equal(2);
      await stores.chunks.release([current.lease]);
      expect((await oneChunk(job)).open).to.deep.equal([0, 3, 4, 5, 6, 7, 8, 9]);
    });

    it("under the current epoch is stored though an older one's stands before or behind it", async () => {
      for (const first of ["old", "current"]) {
        const job = await discoveredJob(stores, 10, { draft: draftOf({}, { paths: [`/${first}`] }) });
        const old = await oneChunk(job, RUN_OUT);
        const current = await oneChunk(job);
        const parts = [partOf(old, { indices: [9], closes: false }), partOf(current)];
        const answers = await stores.chunks.commit(first === "old" ? parts : parts.reverse());
        const ends = answers.map(({ end }) => end);
        expect(first === "old" ? ends : ends.reverse(), `${first} first`).to.deep.equal(["lost", "committed"]);
        expect((await jobNow(job)).tally.types.DITATOPIC?.succeeded).to.equal(10);
      }
    });

    it("of a lease that ran out but was not taken over is stored: the epoch decides", async () => {
      const job = await discoveredJob(stores, 10);
      const chunk = await oneChunk(job, RUN_OUT);
      expect((await stores.chunks.commit([partOf(chunk)]))[0]?.end).to.equal("committed");
      expect(await statusNow(job)).to.equal("SUCCESS");
    });

    it("of a released lease stores nothing", async () => {
      const job = await discoveredJob(stores, 10);
      const chunk = await oneChunk(job);
      await stores.chunks.release([chunk.lease]);
      const before = await dump(stores.database);
      expect((await stores.chunks.commit([partOf(chunk)]))[0]?.end).to.equal("lost");
      expect(await dump(stores.database)).to.deep.equal(before);
    });

    for (const closes of [false, true]) {
      it(`repeated with the same part doubles nothing (${closes ? "closing" : "open"})`, async () => {
        const job = await discoveredJob(stores, 20);
        const chunk = await oneChunk(job);
        const part = partOf(chunk, {
          indices: closes ? chunk.open : [2, 3],
          lines: [info("said once")],
          writes: [writeOf("/root/a0002")],
        });
        const first = await stores.chunks.commit([part]);
        const before = await dump(stores.database);
        const results: unknown[] = [];
        const again = await stores.chunks.commit([part], async (_tx, writes) => void results.push(...writes));
        expect(again.map(({ end }) => end)).to.deep.equal(["committed"]);
        expect(again[0]?.job).to.deep.equal(first[0]?.job);
        expect(results).to.deep.equal([]);
        expect(await dump(stores.database)).to.deep.equal(before);
      });
    }

    it("repeated after the job was finished by it doubles nothing", async () => {
      const job = await discoveredJob(stores, 10);
      const part = partOf(await oneChunk(job));
      await stores.chunks.commit([part]);
      const before = await dump(stores.database);
      expect((await stores.chunks.commit([part])).map(({ end }) => end)).to.deep.equal(["committed"]);
      expect(await dump(stores.database)).to.deep.equal(before);
    });

    it("of a part that skips one stores nothing", async () => {
      const job = await discoveredJob(stores, 10);
      const chunk = await oneChunk(job);
      const before = await dump(stores.database);
      expect((await stores.chunks.commit([partOf(chunk, { part: 1, indices: [0] })]))[0]?.end).to.equal("lost");
      expect(await dump(stores.database)).to.deep.equal(before);
    });

    it("leaves a lost part out while the others are stored, over several jobs", async () => {
      const a = await discoveredJob(stores, 30, { draft: draftOf({}, { paths: ["/a"] }) });
      const b = await discoveredJob(stores, 10, { draft: draftOf({}, { paths: ["/b"] }) });
      const chunksOfA = await claimChunks(stores, a, { owner: "dead" });
      const ofB = await oneChunk(b, { owner: "living" });
      const lost = chunksOfA[1] as ChunkClaim;
      await claimChunks(newcomer(), a, { chunks: 2, isKnownDead: (owner) => owner === "dead" });
      const parts = [ofB, lost, chunksOfA[2] as ChunkClaim].map((claim) =>
        partOf(claim, { writes: [writeOf(claim.entries[0]?.asset.path ?? "")] }),
      );
      const written: string[] = [];
      const answers = await stores.chunks.commit(
        parts,
        async (_tx, writes) => void written.push(...writes.map(({ path }) => path)),
      );
      expect(answers.map(({ end }) => end)).to.deep.equal(["committed", "lost", "committed"]);
      expect(answers.map(({ job }) => job.id)).to.deep.equal([b.id, a.id, a.id]);
      expect((await jobNow(a)).tally.types.DITATOPIC?.succeeded).to.equal(10);
      expect(await statusNow(b)).to.equal("SUCCESS");
      expect(written).to.have.members([pathsOf(1)[0], pathsOf(30)[20]]);
    });

    it("whose results cannot be written stores nothing at all", async () => {
      const job = await discoveredJob(stores, 10);
      const chunk = await oneChunk(job);
      const before = await dump(stores.database);
      const error = new Error("no room");
      const commit = stores.chunks.commit([partOf(chunk, { writes: [writeOf("/root/a0000")] })], () =>
        Promise.reject(error),
      );
      expect(await rejection(commit)).to.equal(error);
      expect(await dump(stores.database)).to.deep.equal(before);
      expect((await stores.chunks.commit([partOf(chunk)]))[0]?.end).to.equal("committed");
    });

    it("for a job that is not there fails, and the others of its transaction can be stored without it", async () => {
      const job = await discoveredJob(stores, 10);
      const chunk = await oneChunk(job);
      const stray = partOf({ ...chunk, lease: { jobId: "nope", chunk: 1, epoch: 1 } });
      expect(await rejection(stores.chunks.commit([stray]))).to.include({ code: "JOB_NOT_FOUND" });
    });
  });

  describe("a page of discovery", () => {
    const begun = async () => {
      const job = await stores.jobs.create(draftOf(), () => {});
      return { job, discovery: await claimDiscovery(stores, job) };
    };

    it("stores chunks, cursor and totals together, and processing can begin", async () => {
      const { job, discovery } = await begun();
      const page = pageOf(discovery, entriesOf(pathsOf(25)), { last: false });
      const answer = await stores.chunks.addPage(discovery.lease, page);
      expect(answer.end).to.equal("committed");
      expect(answer.job).to.deep.equal(await jobNow(job));
      expect(answer.job).to.include({ counting: "PROCESSING", openChunks: 3 });
      expect(answer.job.tally.types.DITATOPIC?.total).to.equal(25);
      expect(await claimChunks(stores, job)).to.have.length(3);
    });

    it("repeated is answered committed, and doubles nothing", async () => {
      for (const last of [false, true]) {
        const job = await stores.jobs.create(draftOf({}, { paths: [`/${last}`] }), () => {});
        const discovery = await claimDiscovery(stores, job);
        const page = pageOf(discovery, entriesOf(pathsOf(25)), { last });
        await stores.chunks.addPage(discovery.lease, page);
        const before = await dump(stores.database);
        expect((await stores.chunks.addPage(discovery.lease, page)).end).to.equal("committed");
        expect(await dump(stores.database)).to.deep.equal(before);
      }
    });

    it("under an old epoch stores nothing", async () => {
      const { job, discovery } = await begun();
      await claimDiscovery(newcomer(), job, { isKnownDead: () => true });
      const before = await dump(stores.database);
      const page = pageOf(discovery, entriesOf(pathsOf(25)));
      expect((await stores.chunks.addPage(discovery.lease, page)).end).to.equal("lost");
      expect(await dump(stores.database)).to.deep.equal(before);
    });

    it("from another cursor than the stored one stores nothing", async () => {
      const { discovery } = await begun();
      await stores.chunks.addPage(discovery.lease, pageOf(discovery, entriesOf(pathsOf(10)), { last: false }));
      const second = { part: 1, nextChunk: 2 };
      await stores.chunks.addPage(discovery.lease, pageOf(second, entriesOf(pathsOf(20).slice(10)), { last: false }));
      const before = await dump(stores.database);
      for (const part of [0, 3, 7]) {
        const page = pageOf({ part, nextChunk: 9 }, entriesOf(pathsOf(10, "/other")), { last: false });
        expect((await stores.chunks.addPage(discovery.lease, page)).end, `part ${part}`).to.equal("lost");
      }
      expect(await dump(stores.database)).to.deep.equal(before);
    });

    it("that completes discovery of nothing finishes the job as SUCCESS", async () => {
      const { job, discovery } = await begun();
      await stores.chunks.addPage(discovery.lease, pageOf(discovery, []));
      expect(await statusNow(job)).to.equal("SUCCESS");
    });

    it("that completes discovery after every chunk is done finishes the job", async () => {
      const { job, discovery } = await begun();
      await stores.chunks.addPage(discovery.lease, pageOf(discovery, entriesOf(pathsOf(5)), { last: false }));
      await stores.chunks.commit([partOf(await oneChunk(job))]);
      expect(await statusNow(job)).to.equal("PROCESSING");
      await stores.chunks.addPage(discovery.lease, pageOf({ part: 1, nextChunk: 2 }, []));
      expect(await statusNow(job)).to.equal("SUCCESS");
    });

    it("keeps the cursor where it found nothing more", async () => {
      const { job, discovery } = await begun();
      await stores.chunks.addPage(discovery.lease, pageOf(discovery, entriesOf(pathsOf(5)), { last: false }));
      const page = { ...pageOf({ part: 1, nextChunk: 2 }, [], { last: false }), cursor: "/root/a0004" };
      await stores.chunks.addPage(discovery.lease, page);
      const again = await claimDiscovery(newcomer(), job, { isKnownDead: () => true });
      expect(again).to.include({ cursor: "/root/a0004", nextChunk: 2, part: 2 });
    });
  });

  describe("discovery that dies", () => {
    const die = async (job: Job, times: number): Promise<void> => {
      for (let i = 0; i < times; i++) await claimDiscovery(stores, job, RUN_OUT);
    };

    it("three times in a row without a page makes the job give up", async () => {
      const job = await stores.jobs.create(draftOf(), () => {});
      await die(job, 3);
      expect(await stores.chunks.claim(claimRequest())).to.deep.equal([]);
      await stores.chunks.reap(() => false);
      expect(await statusNow(job)).to.equal("FAILURE");
      expect((await jobNow(job)).comments).to.match(/discovery/);
    });

    it("twice in a row is tried again", async () => {
      const job = await stores.jobs.create(draftOf(), () => {});
      await die(job, 2);
      expect((await claimDiscovery(stores, job)).lease.epoch).to.equal(3);
    });

    it("with a page in between starts counting anew", async () => {
      const job = await stores.jobs.create(draftOf(), () => {});
      await die(job, 2);
      const third = await claimDiscovery(stores, job, RUN_OUT);
      await stores.chunks.addPage(third.lease, pageOf(third, entriesOf(pathsOf(5)), { last: false }));
      await die(job, 1);
      expect((await claimDiscovery(stores, job)).cursor).to.equal("/root/a0004");
    });

    it("so often that the job gave up is tried again when the job is resumed", async () => {
      const job = await stores.jobs.create(draftOf(), () => {});
      await die(job, 3);
      await stores.chunks.claim(claimRequest());
      await stores.chunks.reap(() => false);
      await stores.jobs.update(job.id, (view) => resume(view.job, "ann"));
      const discovery = await claimDiscovery(stores, job);
      await stores.chunks.addPage(discovery.lease, pageOf(discovery, []));
      expect(await statusNow(job)).to.equal("SUCCESS");
    });
  });

  describe("a release", () => {
    it("gives the chunk back at once, and its outcomes stay", async () => {
      const job = await discoveredJob(stores, 10);
      const chunk = await oneChunk(job);
      await stores.chunks.commit([partOf(chunk, { indices: [0, 1, 2] })]);
      await stores.chunks.release([chunk.lease]);
      const again = await oneChunk(job, { owner: "node-2" });
      expect(again).to.deep.include({ takenOver: false, open: [3, 4, 5, 6, 7, 8, 9] });
      expect(again.lease.epoch).to.equal(2);
    });

    it("of a lease that was lost changes nothing", async () => {
      const job = await discoveredJob(stores, 10);
      const old = await oneChunk(job, RUN_OUT);
      await oneChunk(job);
      const before = await dump(stores.database);
      await stores.chunks.release([old.lease]);
      expect(await dump(stores.database)).to.deep.equal(before);
    });

    it("of a chunk that is done changes nothing", async () => {
      const job = await discoveredJob(stores, 20);
      const chunk = await oneChunk(job);
      await stores.chunks.commit([partOf(chunk)]);
      const before = await dump(stores.database);
      await stores.chunks.release([chunk.lease]);
      expect(await dump(stores.database)).to.deep.equal(before);
    });

    for (const [how, ends] of [
      ["cancel", "CANCELLED"],
      ["pause", "PAUSED"],
      ["give up", "FAILURE"],
    ] as const) {
      it(`of the last lease ends a job that was told to stop (${how}), of an earlier one does not`, async () => {
        const job = await discoveredJob(stores, 20);
        const [a, b] = (await claimChunks(stores, job)) as [ChunkClaim, ChunkClaim];
        await stop(job, how);
        await stores.chunks.release([a.lease]);
        expect(await statusNow(job)).not.to.equal(ends);
        await stores.chunks.release([b.lease]);
        expect(await statusNow(job)).to.equal(ends);
      });
    }

    it("of discovery lets another go on at its cursor, and counts as no death", async () => {
      const job = await stores.jobs.create(draftOf(), () => {});
      for (let i = 0; i < 5; i++) await stores.chunks.release([(await claimDiscovery(stores, job)).lease]);
      expect((await claimDiscovery(stores, job)).takenOver).to.equal(false);
    });
  });

  describe("a renewal", () => {
    it("keeps leases that would have run out", async () => {
      const job = await discoveredJob(stores, 20);
      const [a, b] = (await claimChunks(stores, job, RUN_OUT)) as [ChunkClaim, ChunkClaim];
      expect(await stores.chunks.renew([a.lease], 60_000)).to.deep.equal([]);
      const taken = await claimChunks(stores, job);
      expect(taken.map(({ lease }) => lease.chunk)).to.deep.equal([b.lease.chunk]);
    });

    it("answers the lost ones, and renews the others", async () => {
      const job = await discoveredJob(stores, 30);
      const [a, b, c] = (await claimChunks(stores, job, RUN_OUT)) as [ChunkClaim, ChunkClaim, ChunkClaim];
      await claimChunks(stores, job, { chunks: 1, owner: "node-2" });
      await stores.chunks.commit([partOf(b)]);
      const lost = await stores.chunks.renew([a.lease, b.lease, c.lease], 60_000);
      expect(lost).to.deep.equal([a.lease, b.lease]);
    });

    it("answers an old lease as lost though the same node holds the chunk again", async () => {
      const job = await discoveredJob(stores, 10);
      const old = await oneChunk(job, RUN_OUT);
      const current = await oneChunk(job);
      expect(await stores.chunks.renew([old.lease, current.lease], 60_000)).to.deep.equal([old.lease]);
    });

    it("of none asks for nothing", async () => {
      expect(await stores.chunks.renew([], 1_000)).to.deep.equal([]);
    });
  });

  describe("the reaper", () => {
    for (const [how, ends] of [
      ["cancel", "CANCELLED"],
      ["pause", "PAUSED"],
      ["give up", "FAILURE"],
    ] as const) {
      it(`ends a job that was told to stop (${how}) and whose owner is dead`, async () => {
        const job = await discoveredJob(stores, 20);
        const chunks = await claimChunks(stores, job, { owner: "dead" });
        await stop(job, how);
        await stores.chunks.reap(() => false);
        expect(await statusNow(job)).not.to.equal(ends);
        await newcomer().chunks.reap((owner) => owner === "dead");
        expect(await statusNow(job)).to.equal(ends);
        // The zombie's epoch is not current in the ended job.
        const before = await dump(stores.database);
        for (const chunk of chunks) {
          expect((await stores.chunks.commit([partOf(chunk)]))[0]?.end).to.equal("lost");
        }
        expect(await dump(stores.database)).to.deep.equal(before);
      });

      it(`ends a job that was told to stop (${how}) and whose leases have run out`, async () => {
        const job = await discoveredJob(stores, 20);
        await claimChunks(stores, job, RUN_OUT);
        await stop(job, how);
        await stores.chunks.reap(() => false);
        expect(await statusNow(job)).to.equal(ends);
      });
    }

    it("leaves a running job's expired leases to whoever claims them", async () => {
      const job = await discoveredJob(stores, 10);
      await oneChunk(job, RUN_OUT);
      const before = await dump(stores.database);
      await newcomer().chunks.reap(() => true);
      expect(await dump(stores.database)).to.deep.equal(before);
    });

    it("leaves the living in a job that is being cancelled alone, and ends it once they are done", async () => {
      const job = await discoveredJob(stores, 20);
      const [living] = (await claimChunks(stores, job, { chunks: 1, owner: "living" })) as [ChunkClaim];
      await claimChunks(stores, job, { owner: "dead" });
      await stop(job, "cancel");
      await newcomer().chunks.reap((owner) => owner === "dead");
      expect(await statusNow(job)).to.equal("CANCELLING");
      expect((await stores.chunks.commit([partOf(living)]))[0]?.end).to.equal("committed");
      expect(await statusNow(job)).to.equal("CANCELLED");
    });

    it("makes what it took back claimable after a resume", async () => {
      const job = await discoveredJob(stores, 20);
      await claimChunks(stores, job, { owner: "dead" });
      await stop(job, "cancel");
      await newcomer().chunks.reap(() => true);
      await stores.jobs.update(job.id, (view) => resume(view.job, "ann"));
      expect((await claimChunks(stores, job)).map(({ lease }) => lease.epoch)).to.deep.equal([3, 3]);
    });

    it("looks at every job in the store, whatever its repository and handlers", async () => {
      const draft = draftOf({ repository: "folder:/far", handlers: ["exotic"] });
      const job = await stores.jobs.create(draft, () => {});
      await stores.chunks.claim(claimRequest({ repository: "folder:/far", handlers: ["exotic"], owner: "dead" }));
      await stop(job, "cancel");
      await newcomer().chunks.reap(() => true);
      expect(await statusNow(job)).to.equal("CANCELLED");
    });
  });

  describe("a commit into a stopping job", () => {
    for (const [how, ends] of [
      ["cancel", "CANCELLED"],
      ["pause", "PAUSED"],
      ["give up", "FAILURE"],
    ] as const) {
      it(`that closes the last lease ends it (${how})`, async () => {
        const job = await discoveredJob(stores, 30);
        const chunk = await oneChunk(job);
        await stop(job, how);
        const [answer] = await stores.chunks.commit([partOf(chunk)]);
        expect(answer?.end).to.equal("committed");
        expect(answer?.job.state.status).to.equal(ends);
      });
    }

    it("that closes the last chunk loses to cancel", async () => {
      const job = await discoveredJob(stores, 10);
      const chunk = await oneChunk(job);
      await stop(job, "cancel");
      await stores.chunks.commit([partOf(chunk)]);
      expect(await statusNow(job)).to.equal("CANCELLED");
    });

    it("that closes the last lease ends a cancelled job though too many failed", async () => {
      const job = await discoveredJob(stores, 20, { draft: draftOf({}, { maxFailures: 0 }) });
      const chunk = await oneChunk(job);
      await stop(job, "cancel");
      await stores.chunks.commit([partOf(chunk, { outcome: () => failedWith("X") })]);
      expect(await statusNow(job)).to.equal("CANCELLED");
    });
  });

  describe("two nodes on one file", () => {
    it("see each other's commits at once", async () => {
      const other = await stores.another();
      const job = await discoveredJob(stores, 30);
      const theirs = (await claimChunks(other, job, { chunks: 1, owner: "node-2" })) as readonly [ChunkClaim];
      await other.chunks.commit([partOf(theirs[0], { lines: [info("from afar")] })]);
      expect((await jobNow(job)).tally.types.DITATOPIC?.succeeded).to.equal(10);
      expect((await linesOf(job)).at(-1)).to.match(/from afar$/);
      expect((await stores.reports.outcomes(job.id, { limit: 100 })).outcomes).to.have.length(10);
      expect(await claimChunks(stores, job)).to.have.length(2);
    });

    it("run a job to its end together, in which every read agrees with itself, and which ends exactly once", async () => {
      const other = await stores.another();
      const watcher = await stores.another();
      const job = await stores.jobs.create(draftOf(), () => {});
      let done = false;
      const reading = watch(watcher, job, () => done);
      const discovery = await claimDiscovery(stores, job);
      const discovering = (async () => {
        const paths = pathsOf(400);
        for (let part = 0; part < 20; part++) {
          const entries = paths
            .slice(part * 20, part * 20 + 20)
            .map((path, i) => ({ asset: assetOf(path), ...(i === 7 ? { skip: "SUB_ASSET" as const } : {}) }));
          const page = pageOf({ part, nextChunk: 1 + part * 4 }, entries, { chunkSize: 5, last: part === 19 });
          await stores.chunks.addPage(discovery.lease, page);
        }
      })();
      const work = async (on: Stores, owner: string): Promise<void> => {
        while ((await on.jobs.get(job.id))?.state.status === "PROCESSING") {
          for (const chunk of await claimChunks(on, job, { owner, chunks: 3 })) {
            const half = chunk.open.slice(0, 2);
            await on.chunks.commit([partOf(chunk, { indices: half, closes: false, lines: [info(`half ${owner}`)] })]);
            const rest = chunk.open.slice(2);
            const outcome = (_asset: unknown, i: number) => (i === 3 ? failedWith("X") : SUCCEEDED);
            await on.chunks.commit([partOf(chunk, { part: 1, indices: rest, closes: true, outcome })]);
          }
        }
      };
      await Promise.all([
        discovering,
        work(stores, "node-1"),
        work(other, "node-2"),
        work(stores, "node-3"),
        work(other, "node-4"),
      ]);
      done = true;
      expect(await reading).to.be.above(20);
      const ended = await jobNow(job);
      expect(ended.tally.types.DITATOPIC).to.deep.equal({ total: 400, succeeded: 300, failed: 80, skipped: 20 });
      expect(ended).to.include({ openChunks: 0, triggered: 380, counting: "SUCCESS" });
      expect((await linesOf(job)).filter((line) => line.includes("Ended "))).to.have.length(1);
      const paths = (await stores.reports.outcomes(job.id, { limit: 1_000 })).outcomes.map(({ path }) => path);
      expect(paths).to.deep.equal(pathsOf(400));
    });
  });
});

const writeOf = (path: string) => ({
  path,
  properties: {},
  references: {},
  stamp: { sizeBytes: 1, modifiedMs: 1, contentHash: null, handlers: {} },
  jobId: "job",
});

/** Reads, in single statements, until told; each read has to agree with itself. Answers how often it read. */
async function watch({ database }: Stores, job: Job, over: () => boolean): Promise<number> {
  let reads = 0;
  for (; !over(); reads++) {
    const [row] = await database.read(
      `select j.tally, j.open_chunks, j.log_lines, j.triggered, j.status,
         (select coalesce(sum(succeeded), 0) from assetmill_outcome_part p where p.job_id = j.id) as succeeded,
         (select coalesce(sum(failed), 0) from assetmill_outcome_part p where p.job_id = j.id) as failed,
         (select coalesce(sum(skipped), 0) from assetmill_outcome_part p where p.job_id = j.id) as skipped,
         (select coalesce(sum(ruled), 0) from assetmill_chunk c where c.job_id = j.id) as ruled,
         (select coalesce(sum(assets), 0) from assetmill_chunk c where c.job_id = j.id) as assets,
         (select coalesce(sum(lines), 0) from assetmill_log_block b where b.job_id = j.id) as lines,
         (select count(*) from assetmill_lease l where l.job_id = j.id and chunk > 0 and state <> 'DONE') as open,
         (select coalesce(sum(triggerable), 0) from assetmill_lease l where l.job_id = j.id and epoch > 0) as handed
       from assetmill_job j where j.id = ?`,
      [job.id],
    );
    const tally = JSON.parse(String(row?.tally)).types.DITATOPIC ?? { total: 0, succeeded: 0, failed: 0, skipped: 0 };
    expect(tally).to.deep.equal({
      total: row?.assets,
      succeeded: row?.succeeded,
      failed: row?.failed,
      skipped: Number(row?.skipped) + Number(row?.ruled),
    });
    expect(row?.open_chunks).to.equal(row?.open);
    expect(row?.log_lines).to.equal(row?.lines);
    expect(row?.triggered).to.equal(row?.handed);
    if (row?.status === "SUCCESS") expect(row.open_chunks).to.equal(0);
  }
  return reads;
}
