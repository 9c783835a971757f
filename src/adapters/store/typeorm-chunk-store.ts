import type { Lease } from "../../core/job/lease.js";
import type { ChunkPart, DiscoveryPage } from "../../core/job/chunk.js";
import { progressOf } from "../../core/job/chunk-progress.js";
import type { Job } from "../../core/job/job.js";
import { discovered, progressed, settle } from "../../core/job/job-transitions.js";
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
import {
  fencePage,
  fenceParts,
  lockLeases,
  insertChunks,
  insertOutcomes,
  IS_MINE,
  leaseKey,
  leasesJson,
  mine,
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

  constructor(database: SqlDatabase) {
    this.#database = database;
    this.#owners = new DeadOwners(database);
  }

  async claim(request: ClaimRequest): Promise<readonly Claim[]> {
    const dead = await this.#owners.known(request.isKnownDead);
    return claimWork(this.#database, request, dead, this.#lanes);
  }

  addPage(lease: Lease, page: DiscoveryPage): Promise<CommitAnswer> {
    return this.#database.write(async (tx) => {
      const fence = await fencePage(tx, lease, page);
      if (fence === "mine") await insertChunks(tx, lease.jobId, page.chunks);
      const before = await lockJob(tx, lease.jobId);
      if (fence !== "mine") return { end: fence === "lost" ? "lost" : "committed", job: before };
      const job = await storeChange(tx, before, discovered(before, page, await factsOf(tx, before)));
      return { end: "committed", job };
    });
  }

  commit(parts: readonly ChunkPart[], results?: EnlistedWriter): Promise<readonly CommitAnswer[]> {
    const sorted = [...parts].sort((a, b) => compareLeases(a.lease, b.lease));
    return this.#database.write(async (tx) => {
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
      return parts.map((part) => {
        const job = jobs.get(part.lease.jobId) as Job;
        return { end: fence(part) === "lost" ? "lost" : "committed", job };
      });
    });
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
