import { DISCOVERY } from "../../core/chunk.js";
import type { ClaimRequest } from "../../core/ports/chunk-store.js";
import type { SqlDatabase } from "../sql/sql-database.js";
import { JOB, LEASE } from "./tables.js";
import type { WaitingJobs } from "./waiting-jobs.js";

/** Jobs looked at in one claim. */
const MAX_JOBS = 50;
/** Rows that may be taken at an instant. Parameter: dead owners as JSON. */
export const freeAt = (instant: string): string =>
  `(state = 'READY' or (state = 'LEASED' and (until_ms <= ${instant} or owner in (select value from json_each(?)))))`;

interface Candidate {
  readonly id: string;
  /** It may have to wait for earlier jobs. */
  readonly queued: boolean;
}

/**
 * Jobs with something free, best first, without those that are known to wait for others: however many of these there
 * are, they hide none. Looked up without the write lock: an idle worker disturbs nobody.
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
    // A full page of none but waiting jobs: there may be others after them.
    if (free.length > 0 || found.length < MAX_JOBS) return free;
  }
}

async function candidates(
  database: SqlDatabase,
  request: ClaimRequest,
  dead: readonly string[],
  without: readonly string[],
): Promise<readonly Candidate[]> {
  const rows = await database.read(
    `select id, queued and status = 'WAITING' as queued from ${JOB} j
     where repository = ? and status in ('WAITING', 'PROCESSING') and pausing = 0 and giving_up is null
       and (? is null or id = ?) and id not in (select value from json_each(?))
       and not exists (select 1 from json_each(case when json_valid(j.handlers) then j.handlers else '[null]' end) needed
         where needed.value is null or needed.value not in (select value from json_each(?)))
       and exists (select 1 from ${LEASE} l where l.job_id = j.id and ${freeAt(database.now)}
         and (case when l.chunk = ${DISCOVERY} then ? else ? end) > 0)
     order by priority, sequence limit ${MAX_JOBS}`,
    [
      request.repository,
      request.jobId ?? null,
      request.jobId ?? null,
      JSON.stringify(without),
      JSON.stringify(request.handlers),
      JSON.stringify(dead),
      request.discoveries,
      request.chunks,
    ],
  );
  return rows.map((row) => ({ id: String(row.id), queued: Boolean(row.queued) }));
}
