import { type ChunkClaim, DISCOVERY, type DiscoveryClaim } from "../../core/chunk.js";
import { isUnavailable, messageOf } from "../../core/errors.js";
import type { Job } from "../../core/job.js";
import { mustWait } from "../../core/job-queue.js";
import { claimed, DAMAGED, giveUp } from "../../core/job-transitions.js";
import type { Claim, ClaimRequest } from "../../core/ports/chunk-store.js";
import type { Row, SqlDatabase, SqlTransaction } from "../sql/sql-database.js";
import { claimable, freeAt } from "./claimable.js";
import { leasesJson } from "./lease-sql.js";
import { certainFactsOf, holdJob, rivalsOf, storeChange } from "./job-records.js";
import { readChunks, type TakenChunk } from "./read-chunks.js";
import type { WaitingJobs } from "./waiting-jobs.js";
import { JOB, LEASE } from "./tables.js";

/** Deaths of discovery in a row, without a page, after which the job gives up. */
const MAX_DISCOVERY_DEATHS = 3;

interface Taken {
  readonly job: Job;
  readonly discovery: DiscoveryClaim | undefined;
  readonly chunks: readonly TakenChunk[];
}

/** Takes what is free, job by job, each in a transaction of its own; then reads what was taken. */
export async function claimWork(
  database: SqlDatabase,
  request: ClaimRequest,
  dead: readonly string[],
  waiting: WaitingJobs,
): Promise<readonly Claim[]> {
  const claims: Claim[] = [];
  let { chunks, discoveries } = request;
  for (const { id, queued } of await claimable(database, request, dead, waiting)) {
    if (chunks <= 0 && discoveries <= 0) break;
    try {
      const taken = await database.write(async (tx) =>
        queued && (await isBehind(tx, id)) ? undefined : take(tx, id, request, dead, { chunks, discoveries }),
      );
      const read = taken && (await readTaken(database, taken));
      if (!taken || !read) continue;
      chunks -= taken.chunks.length;
      if (taken.discovery) discoveries--;
      claims.push({ job: taken.job, ...(taken.discovery ? { discovery: taken.discovery } : {}), chunks: read });
    } catch (error) {
      // What was taken before is held, and has to be worked on; the next claim meets the same trouble.
      if (claims.length > 0) return claims;
      throw error;
    }
  }
  return claims;
}

/** Undefined where it cannot be read: then it was handed back. */
async function readTaken(database: SqlDatabase, taken: Taken): Promise<readonly ChunkClaim[] | undefined> {
  try {
    return await readChunks(database, taken.job.id, taken.chunks);
  } catch (error) {
    await handBack(database, taken, error);
    return undefined;
  }
}

/** What was taken is free again at once. A job whose chunks can no longer be read gives up; others are not held up. */
async function handBack(database: SqlDatabase, { job, discovery, chunks }: Taken, error: unknown): Promise<void> {
  await database.write(async (tx) => {
    const leases = [
      ...(discovery ? [discovery.lease] : []),
      ...chunks.map(({ number, epoch }) => ({ jobId: job.id, chunk: number, epoch })),
    ];
    await tx.query(
      `update ${LEASE} as l set state = 'READY', owner = null from (${leasesJson}) as mine
       where l.job_id = mine.job and l.chunk = mine.number and l.epoch = mine.held and l.state = 'LEASED'`,
      [JSON.stringify(leases)],
    );
    if (isUnavailable(error)) return;
    const before = await holdJob(tx, job.id);
    await storeChange(tx, before, giveUp(before, messageOf(error), await certainFactsOf(tx, job.id)));
  });
}

/** An earlier job holds a path of this one's scope. Looked at under the lock that every creation and resume takes. */
async function isBehind(tx: SqlTransaction, id: string): Promise<boolean> {
  const job = await holdJob(tx, id);
  return mustWait(job, await rivalsOf(tx, job.repository, job.request.type, id));
}

async function take(
  tx: SqlTransaction,
  id: string,
  request: ClaimRequest,
  dead: readonly string[],
  most: { readonly chunks: number; readonly discoveries: number },
): Promise<Taken | undefined> {
  const free = await freeRows(tx, id, dead, most);
  if (free.length === 0) return undefined;
  await tx.query(
    `update ${LEASE} set epoch = epoch + 1, deaths = deaths + (state = 'LEASED'), state = 'LEASED', owner = ?,
       until_ms = ?, part = case chunk when ${DISCOVERY} then part else 0 end
     where job_id = ? and chunk in (select value from json_each(?)) returning chunk`,
    [request.owner, tx.nowMs + request.ttlMs, id, JSON.stringify(free.map((row) => row.chunk))],
  );
  const before = await holdJob(tx, id);
  const work = {
    newlyTriggered: free.reduce((sum, row) => sum + (row.epoch === 0 ? Number(row.triggerable) : 0), 0),
    takenOver: free.filter((row) => row.state === "LEASED").length,
  };
  const change = claimed(before, work, { leased: true, nowMs: tx.nowMs });
  if (!change) throw new Error("claimed from a job that was stopping: the write lock should have ruled that out");
  const discovery = free.find((row) => row.chunk === DISCOVERY);
  const job = await storeChange(tx, before, change);
  const why = before.damaged
    ? DAMAGED
    : discovery && deathsOf(discovery) >= MAX_DISCOVERY_DEATHS
      ? `discovery ended its process ${MAX_DISCOVERY_DEATHS} times in a row`
      : undefined;
  if (why !== undefined) {
    // All taken rows go back; whoever reaps next finds the job drained.
    await tx.query(
      `update ${LEASE} set state = 'READY', owner = null, deaths = 0 where job_id = ? and chunk in (select value from json_each(?))`,
      [id, JSON.stringify(free.map((row) => row.chunk))],
    );
    await storeChange(tx, job, giveUp(job, why, await certainFactsOf(tx, id)));
    return undefined;
  }
  return {
    job,
    discovery: discovery && discoveryClaim(id, discovery),
    chunks: free
      .filter((row) => row.chunk !== DISCOVERY)
      .map((row) => ({ number: Number(row.chunk), epoch: Number(row.epoch) + 1, takenOver: row.state === "LEASED" })),
  };
}

/** Discovery first, then chunks in path order; none where the job may not be claimed any more. */
async function freeRows(
  tx: SqlTransaction,
  id: string,
  dead: readonly string[],
  most: { readonly chunks: number; readonly discoveries: number },
): Promise<readonly Row[]> {
  const claimable = `exists (select 1 from ${JOB} where id = ? and status in ('WAITING', 'PROCESSING') and pausing = 0 and giving_up is null)`;
  const rows = await tx.query(
    `select chunk, state, epoch, part, deaths, triggerable, path_cursor, next_chunk from ${LEASE}
     where job_id = ? and ${freeAt(String(tx.nowMs))} and ${claimable}
       and (case when chunk = ${DISCOVERY} then ? else ? end) > 0
     order by chunk limit ?`,
    [id, JSON.stringify(dead), id, most.discoveries, most.chunks, most.chunks + 1],
  );
  const discovery = rows.filter((row) => row.chunk === DISCOVERY);
  return [...discovery, ...rows.slice(discovery.length, discovery.length + most.chunks)];
}

const deathsOf = (row: Row): number => Number(row.deaths) + (row.state === "LEASED" ? 1 : 0);

function discoveryClaim(jobId: string, row: Row): DiscoveryClaim {
  return {
    lease: { jobId, chunk: DISCOVERY, epoch: Number(row.epoch) + 1 },
    part: Number(row.part),
    cursor: row.path_cursor === null ? undefined : String(row.path_cursor),
    nextChunk: Number(row.next_chunk),
    takenOver: row.state === "LEASED",
  };
}
