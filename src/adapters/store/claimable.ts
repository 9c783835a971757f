import { DISCOVERY } from "../../core/job/lease.js";
import { byLag, type Claimant, HEAD_START_MS, MAX_WEIGHT } from "../../core/job/share.js";
import type { ClaimRequest, WaitingWork } from "../../core/ports/chunk-store.js";
import type { SqlDatabase } from "../sql/sql-database.js";
import type { SqlDialect } from "../sql/sql-dialect.js";
import { handlersOf } from "./job-mapper.js";
import { CLAIMABLE } from "./job-status.js";
import { IS_CAREFUL } from "./lease-record.js";
import { IS_MINE, leasesJson, mine } from "./lease-sql.js";
import { JOB, LEASE } from "./tables.js";
import type { WaitingJobs } from "./waiting-jobs.js";

/** Jobs considered by one claim. */
const MAX_JOBS = 50;

/** SQL condition that a row of `l` is READY and free. A careful chunk is free only for a worker that is alone. */
const freeReady = (alone: boolean | undefined): string => `state = 'READY'${alone ? "" : ` and not ${IS_CAREFUL}`}`;

/** SQL condition that a row of `l` has expired at an instant, and is not held by the claimer. Takes `freeParameters`. */
const freeExpired = (instant: string, dialect: SqlDialect): string =>
  `state = 'LEASED' and (until_ms <= ${instant} or owner in ${dialect.list("text")})
   and not exists (select 1 from ${mine({ dialect })} where ${IS_MINE})`;

/** SQL condition that a row of `l` is free at an instant: READY, or expired. Takes `freeParameters`. */
export const freeAt = (instant: string, dialect: SqlDialect, alone: boolean | undefined): string =>
  `((${freeReady(alone)}) or (${freeExpired(instant, dialect)}))`;

export const freeParameters = (dead: readonly string[], { holding = [] }: ClaimRequest): readonly string[] => [
  JSON.stringify(dead),
  leasesJson(holding),
];

/** SQL condition that a careful chunk of job `j` waits for a worker that is alone. */
const waitsForCare = ({ byIndex }: SqlDialect): string =>
  `exists (select 1 from ${LEASE} l ${byIndex("lease_by_state")} where l.job_id = j.id and state = 'READY' and ${IS_CAREFUL})`;

interface Candidate extends Claimant {
  /** Whether it may have to wait for earlier jobs. */
  readonly queued: boolean;
}

/**
 * Returns jobs that have free leases of the kinds asked for, in the order in which a claim serves them. Jobs known to
 * wait for earlier ones are left out, and do not count towards the limit. Takes no write lock, so that idle workers
 * disturb no one.
 */
export async function claimable(
  database: SqlDatabase,
  request: ClaimRequest,
  dead: readonly string[],
  waiting: WaitingJobs,
): Promise<readonly Candidate[]> {
  await waiting.forgetFreed(database);
  for (;;) {
    const found = await candidates(database, request, dead, waiting.ids);
    const behind = await waiting.find(
      database,
      found.filter(({ queued }) => queued).map(({ id }) => id),
    );
    const free = found.filter(({ id }) => !behind.has(id));
    // A full page of waiting jobs only: others may follow.
    if (free.length > 0 || found.length < MAX_JOBS) return free.sort(byLag);
  }
}

/** SQL: `lag` of a job with the columns that `candidates` selects. */
const LAG = `(${MAX_WEIGHT} >> priority) * (${HEAD_START_MS}.0 + case when waited_ms > 0 then waited_ms else 0 end) / (held + 1)`;

async function candidates(
  database: SqlDatabase,
  request: ClaimRequest,
  dead: readonly string[],
  without: readonly string[],
): Promise<Candidate[]> {
  const { dialect } = database;
  const runnable = await runnableHandlers(database, request);
  if (runnable.length === 0) return [];
  const { chunks, newcomers = 0, discoveries, alone } = request;
  const most = { chunks: chunks + newcomers, discoveries };
  // Each by itself and by the index on state: most rows of a job may be DONE.
  const leases = `select 1 from ${LEASE} l ${dialect.byIndex("lease_by_state")} where l.job_id =`;
  const ready = (id: string): string => `${leases} ${id} and ${freeReady(alone)}`;
  const expired = (id: string): string => `${leases} ${id} and ${freeExpired(dialect.now, dialect)}`;
  const freeParams = freeParameters(dead, request);
  const rows = await database.read(
    `select found.*,
       (select count(*) from (${ready("found.id")} and chunk <> ${DISCOVERY} limit ?) counted)
         + (select count(*) from (${expired("found.id")} and chunk <> ${DISCOVERY} limit ?) counted) as ready,
       case when exists (${ready("found.id")} and chunk = ${DISCOVERY})
         or exists (${expired("found.id")} and chunk = ${DISCOVERY}) then 1 else 0 end as discovery
     from (select id, sequence, priority, needs_care, queued, held, waited_ms from (
       select id, sequence, priority,
         (select count(*) from ${LEASE} l where l.job_id = j.id and state = 'LEASED') as held,
         case when queued = 1 and status = 'WAITING' then 1 else 0 end as queued,
         ${dialect.now} - case when claimed_at_ms > 0 then claimed_at_ms else created_at_ms end as waited_ms,
         ${alone ? `case when ${waitsForCare(dialect)} then 1 else 0 end` : "0"} as needs_care
       from ${JOB} j where repository = ? and ${CLAIMABLE} and handlers in ${dialect.list("text")}
         ${request.jobId === undefined ? "" : "and id = ?"} and id not in ${dialect.list("text")}
         and (exists (${ready("j.id")} and ${wanted(most)}) or exists (${expired("j.id")} and ${wanted(most)}))
     ) candidate order by needs_care desc, ${LAG} desc, sequence limit ${MAX_JOBS}) found`,
    [
      Math.max(0, most.chunks),
      ...freeParams,
      Math.max(0, most.chunks),
      ...freeParams,
      request.repository,
      JSON.stringify(runnable),
      ...(request.jobId === undefined ? [] : [request.jobId]),
      JSON.stringify(without),
      ...freeParams,
    ],
  );
  return rows.map((row) => ({
    id: String(row.id),
    sequence: Number(row.sequence),
    weight: MAX_WEIGHT >> Number(row.priority),
    held: Number(row.held),
    waitedMs: Number(row.waited_ms),
    ready: Number(row.ready),
    discovery: Boolean(row.discovery),
    needsCare: Boolean(row.needs_care),
    queued: Boolean(row.queued),
  }));
}

/** Returns what this node could do, but nobody does. */
export async function waitingWork(
  database: SqlDatabase,
  request: ClaimRequest,
  waiting: WaitingJobs,
): Promise<WaitingWork> {
  const { jobId } = request;
  const runnable = await runnableHandlers(database, request);
  if (runnable.length === 0) return { care: false, unserved: [] };
  const care = await database.read(
    `select 1 as found from ${JOB} j where repository = ? and ${CLAIMABLE} and handlers in ${database.dialect.list("text")}
       ${jobId === undefined ? "" : "and id = ?"}
       and ${waitsForCare(database.dialect)} limit 1`,
    [request.repository, JSON.stringify(runnable), ...(jobId === undefined ? [] : [jobId])],
  );
  const any = { ...request, chunks: 1, newcomers: 0, discoveries: 1, alone: false };
  const found = await claimable(database, any, [], waiting);
  return { care: care.length > 0, unserved: found.filter(({ held }) => held === 0) };
}

/** SQL condition that a lease is of a kind that the claim asks for. */
export const wanted = ({ chunks, discoveries }: { readonly chunks: number; readonly discoveries: number }): string =>
  chunks <= 0 ? `chunk = ${DISCOVERY}` : discoveries <= 0 ? `chunk <> ${DISCOVERY}` : "true";

/**
 * Returns the stored handler lists that this node covers completely. There are few distinct lists, however many jobs.
 * Leaves out damaged ones.
 */
async function runnableHandlers(database: SqlDatabase, request: ClaimRequest): Promise<readonly string[]> {
  const rows = await database.read(`select distinct handlers from ${JOB} where repository = ? and ${CLAIMABLE}`, [
    request.repository,
  ]);
  return rows
    .map((row) => String(row.handlers))
    .filter((text) => handlersOf(text)?.every((name) => request.handlers.includes(name)));
}
