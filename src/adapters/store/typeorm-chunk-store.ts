import type { Lease } from "../../core/job/lease.js";
import type { ChunkPart, DiscoveryPage } from "../../core/job/chunk.js";
import { progressOf } from "../../core/job/chunk-progress.js";
import type { Job } from "../../core/job/job.js";
import { discovered, progressed, settle } from "../../core/job/job-transitions.js";
import { isFinal } from "../../core/job/lifecycle.js";
import type { EnlistedWriter } from "../../core/ports/asset-repository.js";
import type { ChunkStore, Claim, ClaimRequest, CommitAnswer, WaitingWork } from "../../core/ports/chunk-store.js";
import type { SqlDatabase, SqlTransaction } from "../sql/sql-database.js";
import { claimWork } from "./claim-work.js";
import { waitingWork } from "./claimable.js";
import { DeadOwners } from "./dead-owners.js";
import { factsOf, lockJob, storeChange } from "./job-records.js";
import { Lanes } from "./lanes.js";
import { FINISHED, STOPPING } from "./job-status.js";
import { FORGETS_DEATHS, leaseRecord, RECORD_COLUMNS, writeLeases } from "./lease-record.js";
import { takenBack } from "../../core/job/lease-rules.js";
import { ManifestCache } from "./manifest-cache.js";
import { packManifest } from "./manifest-codec.js";
import {
  type Fence,
  fencePage,
  fenceParts,
  lockLeases,
  insertChunks,
  insertOutcomes,
  IS_MINE,
  leaseKey,
  leasesJson,
  mine,
  type PackedChunk,
  returnedKeys,
} from "./lease-sql.js";
import { JOB, LEASE } from "./tables.js";

/**
 * Chunks and leases in a database. Every transaction locks leases first, by job and chunk, then each job row once, by id.
 * What depends on the job row is read by a later statement than the one that locked it.
 */
export class TypeOrmChunkStore implements ChunkStore {
  readonly #database: SqlDatabase;

  readonly #owners: DeadOwners;
  readonly #lanes = new Lanes();
  readonly #manifests = new ManifestCache();

  constructor(database: SqlDatabase) {
    this.#database = database;
    this.#owners = new DeadOwners(database);
  }

  async claim(request: ClaimRequest): Promise<readonly Claim[]> {
    const dead = await this.#owners.known(request.isKnownDead);
    return claimWork(this.#database, request, dead, this.#lanes, this.#manifests);
  }

  async addPage(lease: Lease, page: DiscoveryPage): Promise<CommitAnswer> {
    // Before the transaction, so that it does not hold its locks meanwhile.
    const chunks = await Promise.all(
      page.chunks.map(async ({ entries, ...chunk }) => ({ ...chunk, packed: await packManifest(entries) })),
    );
    const { fence, job } = await this.#storePage(lease, page, chunks);
    // Only what this very call stored: an earlier try or another owner may have stored other chunks of these numbers.
    if (fence === "mine") for (const { number, packed } of chunks) this.#manifests.add(lease.jobId, number, packed);
    this.#forgetEnded([job]);
    return { end: fence === "lost" ? "lost" : "committed", job };
  }

  #storePage(lease: Lease, page: DiscoveryPage, chunks: readonly PackedChunk[]): Promise<{ fence: Fence; job: Job }> {
    return this.#database.write(async (tx) => {
      const fence = await fencePage(tx, lease, page);
      if (fence === "mine") await insertChunks(tx, lease.jobId, chunks);
      const before = await lockJob(tx, lease.jobId);
      if (fence !== "mine") return { fence, job: before };
      return { fence, job: await storeChange(tx, before, discovered(before, page, await factsOf(tx, before))) };
    });
  }

  async commit(parts: readonly ChunkPart[], results?: EnlistedWriter): Promise<readonly CommitAnswer[]> {
    const sorted = [...parts].sort((a, b) => compareLeases(a.lease, b.lease));
    const answers = await this.#database.write(async (tx) => {
      const fence = await fenceParts(tx, sorted);
      const fresh = sorted.filter((part) => fence(part) === "mine");
      if (fresh.length > 0) {
        const writes = fresh.flatMap((part) => part.writes);
        await insertOutcomes(tx, fresh);
        await results?.(tx, writes);
      }
      const jobs = new Map<string, Job>();
      for (const id of jobIds(sorted.map((part) => part.lease))) {
        const mine = fresh.filter((part) => part.lease.jobId === id);
        jobs.set(id, await this.#count(tx, id, mine));
      }
      return parts.map((part): CommitAnswer => {
        const job = jobs.get(part.lease.jobId) as Job;
        return { end: fence(part) === "lost" ? "lost" : "committed", job };
      });
    });
    this.#forgetEnded(answers.map(({ job }) => job));
    return answers;
  }

  async announce(lease: Lease, index: number): Promise<"announced" | "lost"> {
    const { jobId, chunk, epoch } = lease;
    const stored = await this.#database.write((tx) =>
      tx.query(
        `update ${LEASE} set announced = ? where job_id = ? and chunk = ? and epoch = ? and state = 'LEASED' returning chunk`,
        [index, jobId, chunk, epoch],
      ),
    );
    return stored.length > 0 ? "announced" : "lost";
  }

  waiting(request: ClaimRequest): Promise<WaitingWork> {
    return waitingWork(this.#database, request, this.#lanes);
  }

  async renew(leases: readonly Lease[], ttlMs: number): Promise<readonly Lease[]> {
    const kept = await this.#database.write(async (tx) => {
      await lockLeases(tx, leases);
      return tx.query(
        `update ${LEASE} as l set until_ms = ? from ${mine(tx)} where ${IS_MINE} returning job_id, chunk, epoch`,
        [tx.nowMs + ttlMs, leasesJson(leases)],
      );
    });
    const keys = returnedKeys(kept);
    return leases.filter((lease) => !keys.has(leaseKey(lease)));
  }

  async release(leases: readonly Lease[]): Promise<void> {
    await this.#database.write(async (tx) => {
      await lockLeases(tx, leases);
      await tx.query(
        `update ${LEASE} as l set state = 'READY', owner = null, ${FORGETS_DEATHS}, until_ms = ?
         from ${mine(tx)} where ${IS_MINE} returning chunk`,
        [tx.nowMs, leasesJson(leases)],
      );
      for (const id of jobIds(leases)) await this.#settle(tx, id);
    });
  }

  async reap(isKnownDead: (owner: string) => boolean): Promise<void> {
    const { byIndex } = this.#database.dialect;
    const stopping = await this.#database.read(
      `select id from ${JOB} ${byIndex("job_to_end")} where ${STOPPING} or ${FINISHED} order by id`,
    );
    if (stopping.length === 0) return;
    const dead = await this.#owners.known(isKnownDead);
    for (const row of stopping) {
      await this.#database.write(async (tx) => {
        const id = String(row.id);
        const { forUpdate, list } = tx.dialect;
        const expired = await tx.query(
          `select ${RECORD_COLUMNS} from ${LEASE} where job_id = ? and state = 'LEASED'
             and (until_ms <= ? or owner in ${list("text")})
             and exists (select 1 from ${JOB} where id = ? and ${STOPPING})
           order by chunk ${forUpdate}`,
          [id, tx.nowMs, JSON.stringify(dead), id],
        );
        await writeLeases(tx, id, expired.map(leaseRecord).map(takenBack));
        await this.#settle(tx, id);
      });
    }
  }

  #forgetEnded(jobs: readonly Job[]): void {
    for (const { id, state } of jobs) if (isFinal(state.status)) this.#manifests.forget(id);
  }

  async #count(tx: SqlTransaction, id: string, parts: readonly ChunkPart[]): Promise<Job> {
    const before = await lockJob(tx, id);
    if (parts.length === 0) return before;
    const change = progressed(before, progressOf(parts), await factsOf(tx, before));
    const lines = [...parts.flatMap((part) => part.lines), ...change.lines];
    return storeChange(tx, before, { job: change.job, lines });
  }

  async #settle(tx: SqlTransaction, id: string): Promise<void> {
    const job = await lockJob(tx, id);
    await storeChange(tx, job, settle(job, await factsOf(tx, job)));
  }
}

const jobIds = (leases: readonly Lease[]): readonly string[] => [...new Set(leases.map((lease) => lease.jobId))].sort();

const compareLeases = (a: Lease, b: Lease): number =>
  a.jobId < b.jobId ? -1 : a.jobId > b.jobId ? 1 : a.chunk - b.chunk;
