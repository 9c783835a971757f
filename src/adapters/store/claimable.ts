import { DISCOVERY } from "../../core/job/lease.js";
import type { ClaimRequest } from "../../core/ports/chunk-store.js";
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

/**
 * SQL condition that a row of `l` is free at an instant: READY, or expired and not held by the claimer itself. A READY
 * careful chunk is free only for a worker that is alone. Takes `freeParameters`.
 */
export const freeAt = (instant: string, dialect: SqlDialect, alone: boolean | undefined): string =>
  `((state = 'READY' ${alone ? "" : `and not ${IS_CAREFUL}`})
    or (state = 'LEASED' and (until_ms <= ${instant} or owner in ${dialect.list("text")})
      and not exists (select 1 from ${mine({ dialect })} where ${IS_MINE})))`;

export const freeParameters = (dead: readonly string[], { holding = [] }: ClaimRequest): readonly string[] => [
  JSON.stringify(dead),
  leasesJson(holding),
];

/** SQL condition that a careful chunk of job `j` waits for a worker that is alone. */
const WAITS_FOR_CARE = `exists (select 1 from ${LEASE} l where l.job_id = j.id and state = 'READY' and ${IS_CAREFUL})`;

interface Candidate {
  readonly id: string;
  /** Whether it may have to wait for earlier jobs. */
  readonly queued: boolean;
}

/**
 * Returns jobs that have free leases, in claim order. Jobs known to wait for earlier ones are left out, and do not count
 * towards the limit. Takes no write lock, so that idle workers disturb no one.
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
    if (free.length > 0 || found.length < MAX_JOBS) return free;
  }
}

async function candidates(
  database: SqlDatabase,
  request: ClaimRequest,
  dead: readonly string[],
  without: readonly string[],
): Promise<readonly Candidate[]> {
  const { dialect } = database;
  const runnable = await runnableHandlers(database, request);
  if (runnable.length === 0) return [];
  const rows = await database.read(
    `select id, case when queued = 1 and status = 'WAITING' then 1 else 0 end as queued from ${JOB} j
     where repository = ? and ${CLAIMABLE} and handlers in ${dialect.list("text")}
       ${request.jobId === undefined ? "" : "and id = ?"} and id not in ${dialect.list("text")}
       and exists (select 1 from ${LEASE} l where l.job_id = j.id and ${freeAt(dialect.now, dialect, request.alone)}
         and ${wanted(request)})
     order by ${request.alone ? `case when ${WAITS_FOR_CARE} then 0 else 1 end, ` : ""}priority, sequence limit ${MAX_JOBS}`,
    [
      request.repository,
      JSON.stringify(runnable),
      ...(request.jobId === undefined ? [] : [request.jobId]),
      JSON.stringify(without),
      ...freeParameters(dead, request),
    ],
  );
  return rows.map((row) => ({ id: String(row.id), queued: Boolean(row.queued) }));
}

/** Returns whether a careful chunk that this node could run waits for a worker that is alone. */
export async function awaitsCare(database: SqlDatabase, request: ClaimRequest): Promise<boolean> {
  const runnable = await runnableHandlers(database, request);
  if (runnable.length === 0) return false;
  const rows = await database.read(
    `select 1 as found from ${JOB} j where repository = ? and ${CLAIMABLE} and handlers in ${database.dialect.list("text")}
       ${request.jobId === undefined ? "" : "and id = ?"}
       and ${WAITS_FOR_CARE} limit 1`,
    [request.repository, JSON.stringify(runnable), ...(request.jobId === undefined ? [] : [request.jobId])],
  );
  return rows.length > 0;
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
