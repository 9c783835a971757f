import {
  type ClaimDecision,
  decideClaim,
  isCareful,
  type LeaseRecord,
  poisoned,
  released,
  type WantedLeases,
} from "../../core/job/lease-rules.js";
import { DISCOVERY } from "../../core/job/lease.js";
import type { ChunkClaim, DiscoveryClaim } from "../../core/job/chunk.js";
import { isUnavailable, messageOf } from "../../core/errors.js";
import type { Job } from "../../core/job/job.js";
import { claimed, DAMAGED, giveUp } from "../../core/job/job-transitions.js";
import type { Claim, ClaimRequest } from "../../core/ports/chunk-store.js";
import type { Row, SqlDatabase, SqlTransaction } from "../sql/sql-database.js";
import type { SqlDialect } from "../sql/sql-dialect.js";
import { claimable, freeAt, freeParameters } from "./claimable.js";
import { shareOut, wantedChunks } from "../../core/job/share.js";
import { checkQueue } from "./held-scopes.js";
import { jobOfRow } from "./job-mapper.js";
import { certainFactsOf, lockJob, lockScopes, storeChange } from "./job-records.js";
import { JobRow } from "./job-row.js";
import { CLAIMABLE } from "./job-status.js";
import { lockLeases, IS_MINE, leasesJson, mine } from "./lease-sql.js";
import type { Lanes } from "./lanes.js";
import type { ManifestCache } from "./manifest-cache.js";
import { IS_CAREFUL, leaseRecord, RECORD_COLUMNS, writeLeases } from "./lease-record.js";
import { readChunks, type TakenChunk } from "./read-chunks.js";
import { JOB, LEASE } from "./tables.js";

/** The job began to stop, or was deleted, before its row was locked: the transaction rolls back. */
class NotClaimable extends Error {}

interface Taken {
  readonly job: Job;
  readonly discovery: DiscoveryClaim | undefined;
  readonly chunks: readonly TakenChunk[];
}

/** Claims free leases, one transaction per job, and reads the chunks of each job after its transaction. */
export async function claimWork(
  database: SqlDatabase,
  request: ClaimRequest,
  dead: readonly string[],
  lanes: Lanes,
  manifests: ManifestCache,
): Promise<readonly Claim[]> {
  for (let round = 0; ; round++) {
    const { claims, behind } = await claimOnce(database, request, dead, lanes, manifests);
    // Nothing but jobs that turned out to wait for others; from now on they are passed over.
    if (claims.length > 0 || behind === 0 || round === MAX_ROUNDS) return claims;
  }
}
const MAX_ROUNDS = 20;

async function claimOnce(
  database: SqlDatabase,
  request: ClaimRequest,
  dead: readonly string[],
  lanes: Lanes,
  manifests: ManifestCache,
): Promise<{ readonly claims: readonly Claim[]; readonly behind: number }> {
  const claims: Claim[] = [];
  let behind = 0;
  let { discoveries, alone } = request;
  const candidates = await claimable(database, request, dead, await lanes.served(database, request));
  const shares = shareOut(candidates, wantedChunks(request));
  for (const { id, queued, discovery } of candidates) {
    const most = { chunks: shares.get(id) ?? 0, discoveries: discovery && discoveries > 0 ? 1 : 0 };
    if (most.chunks === 0 && most.discoveries === 0) continue;
    try {
      const taken = await database.write(async (tx) =>
        queued && (await isBehind(tx, id)) ? "behind" : take(tx, id, { ...request, alone }, dead, most),
      );
      if (taken === "behind") behind++;
      const read = taken && taken !== "behind" && (await readTaken(database, taken, manifests));
      if (!read) continue;
      if (taken.discovery) discoveries--;
      alone = false;
      claims.push({ job: taken.job, ...(taken.discovery ? { discovery: taken.discovery } : {}), chunks: read });
      // A careful chunk must be all that its process holds.
      if (read.some(({ careful }) => careful)) break;
    } catch (error) {
      if (error instanceof NotClaimable) continue;
      // Return what is already claimed, so that it gets done; the next claim meets the same error.
      if (claims.length > 0) break;
      throw error;
    }
  }
  return { claims, behind };
}

/** Reads the chunks that were claimed. Releases them and returns undefined if they cannot be read. */
async function readTaken(
  database: SqlDatabase,
  taken: Taken,
  manifests: ManifestCache,
): Promise<readonly ChunkClaim[] | undefined> {
  try {
    return await readChunks(database, taken.job.id, taken.chunks, manifests);
  } catch (error) {
    await handBack(database, taken, error);
    return undefined;
  }
}

/** Releases leases that were just claimed. A job whose chunks are damaged gives up, so that it does not block others. */
async function handBack(database: SqlDatabase, { job, discovery, chunks }: Taken, error: unknown): Promise<void> {
  await database.write(async (tx) => {
    const leases = [
      ...(discovery ? [discovery.lease] : []),
      ...chunks.map(({ number, epoch }) => ({ jobId: job.id, chunk: number, epoch })),
    ];
    await lockLeases(tx, leases);
    await tx.query(`update ${LEASE} as l set state = 'READY', owner = null from ${mine(tx)} where ${IS_MINE}`, [
      leasesJson(leases),
    ]);
    if (isUnavailable(error)) return;
    const before = await lockJob(tx, job.id);
    await storeChange(tx, before, giveUp(before, messageOf(error), await certainFactsOf(tx, job.id)));
  });
}

/**
 * Returns whether a queued job still waits for an earlier one; then later claims pass over it until that one ends.
 * Checked under the lock that every creation and resume takes.
 */
async function isBehind(tx: SqlTransaction, id: string): Promise<boolean> {
  await lockScopes(tx);
  const row = await tx.manager.findOneBy(JobRow, { id });
  if (!row) throw new NotClaimable();
  return checkQueue(tx, jobOfRow(row));
}

async function take(
  tx: SqlTransaction,
  id: string,
  request: ClaimRequest,
  dead: readonly string[],
  most: Pick<WantedLeases, "chunks" | "discoveries">,
): Promise<Taken | undefined> {
  const free = await freeLeases(tx, id, request, dead, most);
  const { take, putBack, giveUp: tooManyDeaths } = decideClaim(free, { ...most, alone: request.alone ?? false });
  const leases = take.map(({ lease }) => lease);
  const owner = { owner: request.owner, untilMs: tx.nowMs + request.ttlMs };
  await writeLeases(tx, id, [...leases, ...putBack], owner);
  if (leases.length === 0 && tooManyDeaths === undefined) return undefined;
  const before = await lockJob(tx, id);
  const careful = leases.find(isCareful);
  const work = {
    newlyTriggered: leases.reduce((sum, lease) => sum + (lease.epoch === 1 ? lease.triggerable : 0), 0),
    takenOver: take.filter(({ takenOver }) => takenOver).length,
    ...(careful ? { careful: careful.chunk } : {}),
  };
  const change = claimed(before, work, { leased: true, nowMs: tx.nowMs });
  if (!change) throw new NotClaimable();
  const job = await storeChange(tx, before, change);
  const why = before.damaged ? DAMAGED : tooManyDeaths;
  if (why !== undefined) {
    // The next reaper finds the job drained.
    await writeLeases(tx, id, [...leases, ...putBack].map(released));
    await storeChange(tx, job, giveUp(job, why, await certainFactsOf(tx, id)));
    return undefined;
  }
  const discovery = take.find(({ lease }) => lease.chunk === DISCOVERY);
  return {
    job,
    discovery: discovery && discoveryClaim(id, discovery),
    chunks: take.filter(({ lease }) => lease.chunk !== DISCOVERY).map(takenChunk),
  };
}

/** A free lease; discovery's also has the position to continue from. */
interface FreeLease extends LeaseRecord {
  readonly cursor: string | undefined;
  readonly nextChunk: number;
}

type TakenLease = ClaimDecision<FreeLease>["take"][number];

function takenChunk({ lease, takenOver }: TakenLease): TakenChunk {
  const index = poisoned(lease);
  const careful = index === undefined ? {} : { poisoned: index };
  return { number: lease.chunk, epoch: lease.epoch, takenOver, ...(isCareful(lease) ? { careful } : {}) };
}

const discoveryClaim = (jobId: string, { lease, takenOver }: TakenLease): DiscoveryClaim => ({
  lease: { jobId, chunk: DISCOVERY, epoch: lease.epoch },
  part: lease.part,
  cursor: lease.cursor,
  nextChunk: lease.nextChunk,
  takenOver,
});

/**
 * Locks and returns a job's free leases: discovery first, then chunks in path order, with careful ones first for a
 * worker that is alone. Empty if the job is no longer claimable.
 */
async function freeLeases(
  tx: SqlTransaction,
  id: string,
  request: ClaimRequest,
  dead: readonly string[],
  { chunks, discoveries }: Pick<WantedLeases, "chunks" | "discoveries">,
): Promise<readonly FreeLease[]> {
  const free = (which: string, parameters: readonly string[], limit: number): Promise<readonly Row[]> =>
    tx.query(
      `select ${RECORD_COLUMNS}, path_cursor, next_chunk from ${LEASE} l
       where job_id = ? and ${which} and ${freeAt(String(tx.nowMs), tx.dialect, request.alone)}
         and exists (select 1 from ${JOB} where id = ? and ${CLAIMABLE})
       order by ${request.alone ? `case when ${IS_CAREFUL} then 0 else 1 end, ` : ""}chunk limit ? ${tx.dialect.forUpdateSkipLocked}`,
      [id, ...parameters, ...freeParameters(dead, request), id, limit],
    );
  const rows = [
    ...(discoveries > 0 ? await free(`chunk = ${DISCOVERY}`, [], 1) : []),
    ...(chunks > 0 ? await free(`chunk >= ${firstNotDone(tx.dialect)}`, [id, id], chunks) : []),
  ];
  return rows.map((row) => ({
    ...leaseRecord(row),
    cursor: row.path_cursor === null ? undefined : String(row.path_cursor),
    nextChunk: Number(row.next_chunk),
  }));
}

/** SQL: the first chunk of a job that is not DONE; claims need not pass over all before it. Takes the job's id twice. */
function firstNotDone({ byIndex }: SqlDialect): string {
  const first = (state: "READY" | "LEASED"): string =>
    `select min(chunk) as chunk from ${LEASE} ${byIndex("lease_by_state")}
     where job_id = ? and state = '${state}' and chunk > ${DISCOVERY}`;
  return `(select min(chunk) from (${first("READY")} union all ${first("LEASED")}) as firsts)`;
}
