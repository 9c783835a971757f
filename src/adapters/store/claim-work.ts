import { DISCOVERY } from "../../core/job/lease.js";
import type { ChunkClaim, DiscoveryClaim } from "../../core/job/chunk.js";
import { isUnavailable, messageOf } from "../../core/errors.js";
import type { Job } from "../../core/job/job.js";
import { mustWait } from "../../core/job/job-queue.js";
import { claimed, DAMAGED, giveUp } from "../../core/job/job-transitions.js";
import type { Claim, ClaimRequest } from "../../core/ports/chunk-store.js";
import type { Row, SqlDatabase, SqlTransaction } from "../sql/sql-database.js";
import { CLAIMABLE, claimable, freeAt, freeParameters, wanted } from "./claimable.js";
import { jobOfRow } from "./job-mapper.js";
import { certainFactsOf, holdJob, holdScopes, rivalsOf, storeChange } from "./job-records.js";
import { JobRow } from "./job-row.js";
import { holdLeases, IS_MINE, leasesJson, mine } from "./lease-sql.js";
import { careOf, COUNTING_A_DEATH, IS_CAREFUL, MAX_DEATHS } from "./lease-care.js";
import { readChunks, type TakenChunk } from "./read-chunks.js";
import type { WaitingJobs } from "./waiting-jobs.js";
import { JOB, LEASE } from "./tables.js";

/** Deaths of discovery in a row, without a page, after which the job gives up. */
const MAX_DISCOVERY_DEATHS = 3;

/** Between the look and the lock the job began to stop, or went: what was taken of it goes back with the transaction. */
class NotClaimable extends Error {}

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
  let { chunks, discoveries, alone } = request;
  for (const { id, queued } of await claimable(database, request, dead, waiting)) {
    if (chunks <= 0 && discoveries <= 0) break;
    try {
      const most = { chunks: Math.max(0, chunks), discoveries: Math.max(0, discoveries) };
      const taken = await database.write(async (tx) =>
        queued && (await isBehind(tx, id)) ? undefined : take(tx, id, { ...request, alone }, dead, most),
      );
      const read = taken && (await readTaken(database, taken));
      if (!taken || !read) continue;
      chunks -= taken.chunks.length;
      if (taken.discovery) discoveries--;
      alone = false;
      claims.push({ job: taken.job, ...(taken.discovery ? { discovery: taken.discovery } : {}), chunks: read });
      // It is alone, and stays so.
      if (read.some(({ careful }) => careful)) return claims;
    } catch (error) {
      if (error instanceof NotClaimable) continue;
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
    await holdLeases(tx, leases);
    await tx.query(`update ${LEASE} as l set state = 'READY', owner = null from ${mine(tx)} where ${IS_MINE}`, [
      leasesJson(leases),
    ]);
    if (isUnavailable(error)) return;
    const before = await holdJob(tx, job.id);
    await storeChange(tx, before, giveUp(before, messageOf(error), await certainFactsOf(tx, job.id)));
  });
}

/** An earlier job holds a path of this one's scope. Looked at under the lock that every creation and resume takes. */
async function isBehind(tx: SqlTransaction, id: string): Promise<boolean> {
  await holdScopes(tx);
  const row = await tx.manager.findOneBy(JobRow, { id });
  if (!row) throw new NotClaimable();
  const job = jobOfRow(row);
  return mustWait(job, await rivalsOf(tx, job.repository, job.request.type, id));
}

async function take(
  tx: SqlTransaction,
  id: string,
  request: ClaimRequest,
  dead: readonly string[],
  most: { readonly chunks: number; readonly discoveries: number },
): Promise<Taken | undefined> {
  const found = await freeRows(tx, id, request, dead, most);
  if (found.length === 0) return undefined;
  // A careful chunk goes to who is alone, and that one alone; to others it is READY, its owner's death counted.
  const care = request.alone ? found.find((row) => careOf(row).careful) : undefined;
  const free = care ? [care] : found.filter((row) => !careOf(row).careful);
  const back = care ? [] : found.filter((row) => careOf(row).careful);
  const worst = tooOften(found);
  await countDeaths(tx, id, [...free, ...back]);
  await giveBack(tx, id, back);
  if (free.length === 0 && worst === undefined) return undefined;
  await tx.query(
    `update ${LEASE} set epoch = epoch + 1, state = 'LEASED', owner = ?, until_ms = ?,
       part = case chunk when ${DISCOVERY} then part else 0 end
     where job_id = ? and chunk in ${tx.dialect.list("integer")} returning chunk`,
    [request.owner, tx.nowMs + request.ttlMs, id, chunksJson(free)],
  );
  const before = await holdJob(tx, id);
  const work = {
    newlyTriggered: free.reduce((sum, row) => sum + (row.epoch === 0 ? Number(row.triggerable) : 0), 0),
    takenOver: free.filter((row) => row.state === "LEASED").length,
    ...(care ? { careful: Number(care.chunk) } : {}),
  };
  const change = claimed(before, work, { leased: true, nowMs: tx.nowMs });
  if (!change) throw new NotClaimable();
  const discovery = free.find((row) => row.chunk === DISCOVERY);
  const job = await storeChange(tx, before, change);
  const why = before.damaged
    ? DAMAGED
    : discovery && deathsOf(discovery) >= MAX_DISCOVERY_DEATHS
      ? `discovery ended its process ${MAX_DISCOVERY_DEATHS} times in a row`
      : worst;
  if (why !== undefined) {
    // All rows go back; whoever reaps next finds the job drained.
    await tx.query(
      `update ${LEASE} set state = 'READY', owner = null, deaths = 0, charges = null
       where job_id = ? and chunk in ${tx.dialect.list("integer")}`,
      [id, chunksJson([...free, ...back])],
    );
    await storeChange(tx, job, giveUp(job, why, await certainFactsOf(tx, id)));
    return undefined;
  }
  return {
    job,
    discovery: discovery && discoveryClaim(id, discovery),
    chunks: free.filter((row) => row.chunk !== DISCOVERY).map((row) => ({ ...chunkOf(row), ...carefulOf(row) })),
  };
}

const chunkOf = (row: Row): TakenChunk => ({
  number: Number(row.chunk),
  epoch: Number(row.epoch) + 1,
  takenOver: row.state === "LEASED",
});

function carefulOf(row: Row): Pick<TakenChunk, "careful"> {
  const { careful, poisoned } = careOf(row);
  return careful ? { careful: poisoned === undefined ? {} : { poisoned } } : {};
}

function tooOften(rows: readonly Row[]): string | undefined {
  const worst = rows.find((row) => row.chunk !== DISCOVERY && careOf(row).deaths >= MAX_DEATHS);
  return worst && `chunk ${String(worst.chunk)} ended its process ${MAX_DEATHS} times in a row, without any outcome`;
}

/** What is LEASED among them is taken from an owner that died, or was late. */
async function countDeaths(tx: SqlTransaction, id: string, rows: readonly Row[]): Promise<void> {
  const dead = rows.filter((row) => row.state === "LEASED");
  if (dead.length === 0) return;
  const sql = `update ${LEASE} set ${COUNTING_A_DEATH} where job_id = ? and chunk in ${tx.dialect.list("integer")}`;
  await tx.query(`${sql} returning chunk`, [id, chunksJson(dead)]);
}

/** For a worker that is alone. */
async function giveBack(tx: SqlTransaction, id: string, rows: readonly Row[]): Promise<void> {
  if (rows.length === 0) return;
  const sql = `update ${LEASE} set state = 'READY', owner = null, epoch = epoch + 1
     where job_id = ? and chunk in ${tx.dialect.list("integer")}`;
  await tx.query(`${sql} returning chunk`, [id, chunksJson(rows)]);
}

const chunksJson = (rows: readonly Row[]): string => JSON.stringify(rows.map((row) => Number(row.chunk)));

/** Discovery first, then chunks in path order; none where the job may not be claimed any more. */
async function freeRows(
  tx: SqlTransaction,
  id: string,
  request: ClaimRequest,
  dead: readonly string[],
  most: { readonly chunks: number; readonly discoveries: number },
): Promise<readonly Row[]> {
  const { alone } = request;
  const rows = await tx.query(
    `select chunk, state, epoch, part, deaths, announced, charges, triggerable, path_cursor, next_chunk from ${LEASE} l
     where job_id = ? and ${freeAt(String(tx.nowMs), tx.dialect, alone)} and ${wanted(most)}
       and exists (select 1 from ${JOB} where id = ? and ${CLAIMABLE})
     order by ${alone ? `case when ${IS_CAREFUL} then 0 else 1 end, ` : ""}chunk limit ? ${tx.dialect.forUpdateSkipLocked}`,
    [id, ...freeParameters(dead, request), id, most.chunks + (most.discoveries > 0 ? 1 : 0)],
  );
  const discovery = rows.filter((row) => row.chunk === DISCOVERY);
  return [...discovery, ...rows.filter((row) => row.chunk !== DISCOVERY).slice(0, most.chunks)];
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
