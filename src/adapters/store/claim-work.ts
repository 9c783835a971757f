import { type ChunkClaim, DISCOVERY, type DiscoveryClaim } from "../../core/chunk.js";
import type { Job } from "../../core/job.js";
import { claimed, giveUp } from "../../core/job-transitions.js";
import type { Claim, ClaimRequest } from "../../core/ports/chunk-store.js";
import type { Row, SqlDatabase, SqlTransaction } from "../sql/sql-database.js";
import { factsOf, holdJob, storeChange } from "./job-records.js";
import { unpackManifest } from "./manifest-codec.js";
import { unpackOutcomes } from "./outcome-codec.js";
import { CHUNK, JOB, LEASE, OUTCOME_PART } from "./tables.js";

/** Jobs looked at in one claim. */
const MAX_JOBS = 50;
/** Deaths of discovery in a row, without a page, after which the job gives up. */
const MAX_DISCOVERY_DEATHS = 3;

/** Owners of leases in this store whose process is known to be gone. */
export async function deadOwners(
  database: SqlDatabase,
  isKnownDead: (owner: string) => boolean,
): Promise<readonly string[]> {
  const owners = await database.read(`select distinct owner from ${LEASE} where state = 'LEASED'`);
  return owners.map((row) => String(row.owner)).filter(isKnownDead);
}

/** Rows that may be taken. Parameters: now, dead owners as JSON. */
const FREE = `(state = 'READY' or (state = 'LEASED' and (until_ms <= ? or owner in (select value from json_each(?)))))`;

interface Taken {
  readonly job: Job;
  readonly discovery: DiscoveryClaim | undefined;
  readonly chunks: readonly { readonly number: number; readonly epoch: number; readonly takenOver: boolean }[];
}

/** Takes what is free, job by job, each in a transaction of its own; then reads what was taken. */
export async function claimWork(database: SqlDatabase, request: ClaimRequest): Promise<readonly Claim[]> {
  const dead = await deadOwners(database, request.isKnownDead);
  const claims: Claim[] = [];
  let { chunks, discoveries } = request;
  for (const id of await candidates(database, request, dead)) {
    if (chunks <= 0 && discoveries <= 0) break;
    const taken = await database.write((tx) => take(tx, id, request, dead, { chunks, discoveries }));
    if (!taken) continue;
    chunks -= taken.chunks.length;
    if (taken.discovery) discoveries--;
    claims.push({
      job: taken.job,
      ...(taken.discovery ? { discovery: taken.discovery } : {}),
      chunks: await Promise.all(taken.chunks.map((chunk) => readChunk(database, id, chunk))),
    });
  }
  return claims;
}

/** Looked up without the write lock: an idle worker disturbs nobody. */
async function candidates(database: SqlDatabase, request: ClaimRequest, dead: readonly string[]): Promise<string[]> {
  const nowMs = await database.nowMs();
  const rows = await database.read(
    `select id, handlers from ${JOB} j
     where repository = ? and status in ('WAITING', 'PROCESSING') and pausing = 0 and giving_up is null
       and (? is null or id = ?)
       and exists (select 1 from ${LEASE} l where l.job_id = j.id and ${FREE}
         and (case when l.chunk = ${DISCOVERY} then ? else ? end) > 0)
     order by priority, sequence limit ${MAX_JOBS}`,
    [
      request.repository,
      request.jobId ?? null,
      request.jobId ?? null,
      nowMs,
      JSON.stringify(dead),
      request.discoveries,
      request.chunks,
    ],
  );
  const have = new Set(request.handlers);
  return rows
    .filter((row) => (JSON.parse(String(row.handlers)) as string[]).every((name) => have.has(name)))
    .map((row) => String(row.id));
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
  const facts = await factsOf(tx, id);
  const work = {
    newlyTriggered: free.reduce((sum, row) => sum + (row.epoch === 0 ? Number(row.triggerable) : 0), 0),
    takenOver: free.filter((row) => row.state === "LEASED").length,
  };
  const change = claimed(before, work, facts);
  if (!change) throw new Error("claimed from a job that was stopping: the write lock should have ruled that out");
  const discovery = free.find((row) => row.chunk === DISCOVERY);
  const job = await storeChange(tx, before, change);
  if (discovery && deathsOf(discovery) >= MAX_DISCOVERY_DEATHS) {
    // All taken rows go back; whoever reaps next finds the job drained.
    await tx.query(
      `update ${LEASE} set state = 'READY', owner = null where job_id = ? and chunk in (select value from json_each(?))`,
      [id, JSON.stringify(free.map((row) => row.chunk))],
    );
    const why = `discovery ended its process ${MAX_DISCOVERY_DEATHS} times in a row`;
    await storeChange(tx, job, giveUp(job, why, await factsOf(tx, id)));
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
  const columns = "chunk, state, epoch, part, deaths, triggerable, path_cursor, next_chunk";
  const parameters = [id, tx.nowMs, JSON.stringify(dead), id];
  const discovery =
    most.discoveries > 0
      ? await tx.query(
          `select ${columns} from ${LEASE} where job_id = ? and chunk = ${DISCOVERY} and ${FREE} and ${claimable}`,
          parameters,
        )
      : [];
  const chunks =
    most.chunks > 0
      ? await tx.query(
          `select ${columns} from ${LEASE} where job_id = ? and chunk > ${DISCOVERY} and ${FREE} and ${claimable}
           order by chunk limit ?`,
          [...parameters, most.chunks],
        )
      : [];
  return [...discovery, ...chunks];
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

/** The manifest never changes, and outcomes only under our epoch by now: they can be read after the claim. */
async function readChunk(
  database: SqlDatabase,
  jobId: string,
  { number, epoch, takenOver }: Taken["chunks"][number],
): Promise<ChunkClaim> {
  const [row] = await database.read(`select manifest from ${CHUNK} where job_id = ? and chunk = ?`, [jobId, number]);
  const entries = unpackManifest(row?.manifest as Uint8Array);
  const done = new Set<number>();
  if (epoch > 1) {
    const parts = await database.read(`select outcomes from ${OUTCOME_PART} where job_id = ? and chunk = ?`, [
      jobId,
      number,
    ]);
    for (const part of parts) for (const { index } of unpackOutcomes(part.outcomes as Uint8Array)) done.add(index);
  }
  const open: number[] = [];
  entries.forEach(({ skip }, index) => {
    if (!skip && !done.has(index)) open.push(index);
  });
  return { lease: { jobId, chunk: number, epoch }, entries, open, takenOver };
}
