import { expect } from "chai";
import type { ChunkClaim } from "../../../src/core/job/chunk.js";
import type { Job } from "../../../src/core/job/job.js";
import { resume } from "../../../src/core/job/job-transitions.js";
import { info } from "../../../src/core/job/log-entry.js";
import { packJson } from "../../../src/adapters/sql/packed.js";
import type { ClaimRequest } from "../../../src/core/ports/chunk-store.js";
import { reportOf } from "../../../src/core/job/job-report.js";
import { assetOf, failedWith, pathsOf, SUCCEEDED } from "../../support/builders.js";
import { rejection } from "../../support/deferred.js";
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

/** What the conformance suite cannot ask of every store: damage, a full disk, and reads that look into the tables. */
describe("the chunk store on SQLite", () => {
  let stores: StoreFixture;
  beforeEach(async () => {
    stores = await openStores();
  });
  afterEach(() => stores.close());

  const jobNow = async (job: Job): Promise<Job> => (await stores.jobs.get(job.id)) as Job;
  const linesOf = async (job: Job): Promise<readonly string[]> => (await stores.log.read(job.id, 0, 10_000)).lines;
  const oneChunk = async (job: Job, over: Partial<ClaimRequest> = {}, on: Stores = stores): Promise<ChunkClaim> => {
    const [chunk] = await claimChunks(on, job, { chunks: 1, ...over });
    if (!chunk) throw new Error("no chunk could be claimed");
    return chunk;
  };

  /** A commit whose statements meet a full disk amid the transaction, at each of so many sizes; then room again. */
  it("stores nothing of a commit if the disk is full, and the repeated commit once", async () => {
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

  it("shows a job whose request can no longer be read, never runs it, and does not restart it", async () => {
    const job = await stores.jobs.create(draftOf({}, { dryRun: true, paths: ["/root/x"] }), async () => {});
    await stores.database.write((tx) => tx.query("update {job} set request = '{' where id = ?", [job.id]));
    expect(await stores.chunks.claim(claimRequest())).to.deep.equal([]);
    const now = await jobNow(job);
    expect([now.state.status, now.comments]).to.deep.equal(["FAILURE", "its request is damaged in the store"]);
    expect(reportOf(now)).to.include({ restartable: false, resumable: false, type: "ASSET_PROCESSING" });
    const resumed = stores.jobs.update(job.id, (view) => resume(view.job, "ann"));
    expect(await rejection(resumed)).to.include({ code: "ILLEGAL_STATE" });
  });

  it("returns what a claim took of the first job even if its second one fails: nobody else could process it", async () => {
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

  it("ends the job of a chunk that can no longer be read, names the chunk, and holds up no other job", async () => {
    const broken = await discoveredJob(stores, 6, { chunkSize: 2 });
    await stores.database.write((tx) =>
      tx.query("update {chunk} set manifest = x'07' where job_id = ? and chunk = 2", [broken.id]),
    );
    const sound = await discoveredJob(stores, 2, { chunkSize: 2, draft: draftOf({}, { paths: ["/other"] }) });
    // By another process: the one that stored it still has it in memory.
    const claims = await (await stores.another()).chunks.claim(claimRequest());
    expect(claims.map((claim) => claim.job.id)).to.deep.equal([sound.id]);
    expect((await jobNow(broken)).state.status).to.equal("FAILURE");
    expect((await jobNow(broken)).comments).to.match(/chunk 2 is damaged/);
    expect(await stores.database.read("select count(*) as n from {lease} where state = 'LEASED'")).to.deep.equal([
      { n: 1 },
    ]);
  });

  it("ends the job of a chunk with a file type of a later version; its comments and reports say so", async () => {
    const job = await discoveredJob(stores, 2);
    const manifest = packJson({
      paths: ["/a", "/b"],
      types: [0, 99],
      sizes: [1, 1],
      created: [1, 1],
      modified: [1, 1],
    });
    await stores.database.write((tx) =>
      tx.query("update {chunk} set manifest = ? where job_id = ? and chunk = 1", [manifest, job.id]),
    );
    const words = "chunk 1 is damaged in the store: asset 1 of the manifest has file type number 99";
    const error = await rejection(stores.reports.assets(job.id, { limit: 10 }));
    expect(error).to.include({ code: "INTERNAL" });
    expect(error).to.have.property("message").that.contains(words);
    expect(await (await stores.another()).chunks.claim(claimRequest())).to.deep.equal([]);
    const { state, comments } = await jobNow(job);
    expect(state.status).to.equal("FAILURE");
    expect(comments).to.contain(words);
  });

  describe("shared by two nodes on one file", () => {
    it("runs a job to its end, with consistent reads throughout, and ends it exactly once", async () => {
      const other = await stores.another();
      const watcher = await stores.another();
      const job = await stores.jobs.create(draftOf(), async () => {});
      let done = false;
      const reading = watch(watcher, job, () => done);
      const discovery = await claimDiscovery(stores, job);
      const discovering = (async () => {
        const paths = pathsOf(400);
        for (let part = 0; part < 20; part++) {
          const entries = paths
            .slice(part * 20, part * 20 + 20)
            .map((path, i) => ({ asset: assetOf(path), ...(i === 7 ? { skip: "SUB_ASSET" as const } : {}) }));
          const page = pageOf({ part, nextChunk: 1 + part * 4 }, entries, { chunkSize: 5, complete: part === 19 });
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

/** Reads, in single statements, until told; each read has to agree with itself. Answers how often it read. */
async function watch({ database }: Stores, job: Job, over: () => boolean): Promise<number> {
  let reads = 0;
  for (; !over(); reads++) {
    const [row] = await database.read(
      `select j.tally, j.open_chunks, j.log_lines, j.triggered, j.status,
         (select coalesce(sum(succeeded), 0) from {outcome_part} p where p.job_id = j.id) as succeeded,
         (select coalesce(sum(failed), 0) from {outcome_part} p where p.job_id = j.id) as failed,
         (select coalesce(sum(skipped), 0) from {outcome_part} p where p.job_id = j.id) as skipped,
         (select coalesce(sum(ruled), 0) from {chunk} c where c.job_id = j.id) as ruled,
         (select coalesce(sum(assets), 0) from {chunk} c where c.job_id = j.id) as assets,
         (select coalesce(sum(lines), 0) from {log_block} b where b.job_id = j.id) as lines,
         (select count(*) from {lease} l where l.job_id = j.id and chunk > 0 and state <> 'DONE') as open,
         (select coalesce(sum(triggerable), 0) from {lease} l where l.job_id = j.id and epoch > 0) as handed
       from {job} j where j.id = ?`,
      [job.id],
    );
    const tally = JSON.parse(String(row?.tally)).types.DITATOPIC ?? { total: 0, succeeded: 0, failed: 0, skipped: 0 };
    expect(tally).to.deep.include({
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
