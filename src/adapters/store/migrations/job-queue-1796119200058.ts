import type { JobRequest } from "../../../core/job/job-request.js";
import type { Migration, MigrationTools } from "../../sql/index.js";
import { enterPaths } from "../held-paths.js";
import { HELD_PATH, JOB, LEASE } from "../tables.js";
import { workKey } from "../work-key.js";

/** So many jobs are converted at once. */
const PAGE = 50;

/**
 * Adds what keeps claims and starts quick however many jobs are active: whom a job waits for, and indexes for each
 * question.
 */
export class JobQueue1796119200058 implements Migration {
  readonly name = "JobQueue1796119200058";

  async up(tools: MigrationTools): Promise<void> {
    const {
      dialect: { ddl },
      query,
    } = tools;
    await query(`alter table ${JOB} add column work_key text not null default ''`);
    await query(`alter table ${JOB} add column blocked_by text`);
    await query(`create table ${HELD_PATH} (
      path_hash ${ddl.bytes} not null,
      own integer not null,
      sequence integer not null references ${JOB} (sequence) on delete cascade,
      primary key (path_hash, own, sequence)
    ) ${ddl.clustered}`);
    await query(`create index {index held_path_by_job} on ${HELD_PATH} (sequence)`);
    await fill(tools);
    await query(`create index {index job_claimable} on ${JOB}
      ((work_key || ' ' || cast(priority as text) || ' ' || counting), claimed_at_ms, created_at_ms, sequence)
      where status in ('WAITING', 'PROCESSING') and pausing = 0 and giving_up is null and blocked_by is null`);
    await query(`create index {index job_blocked} on ${JOB} (blocked_by) where blocked_by is not null`);
    await query(`create index {index job_to_end} on ${JOB} (id) where (status in ('CANCELLING')
      or (status in ('WAITING', 'PROCESSING') and (pausing = 1 or giving_up is not null)))
      or (status in ('PROCESSING') and counting = 'SUCCESS' and open_chunks = 0)`);
    await query(`create index {index lease_careful} on ${LEASE} (job_id)
      where state = 'READY' and (chunk <> 0 and (deaths >= 2 or charges is not null))`);
  }
}

async function fill({ dialect, query }: MigrationTools): Promise<void> {
  const active = "status in ('WAITING', 'PROCESSING', 'CANCELLING', 'PAUSED')";
  for (let after = 0; ;) {
    const rows = await query(
      `select sequence, type, repository, handlers, request, holds from ${JOB} where sequence > ? and ${active}
       order by sequence limit ${PAGE}`,
      [after],
    );
    for (const row of rows) {
      const sequence = Number(row.sequence);
      const [repository, handlers, type] = [String(row.repository), String(row.handlers), String(row.type)];
      await query(`update ${JOB} set work_key = ? where sequence = ?`, [workKey(repository, handlers), sequence]);
      const request = { ...requestOf(String(row.request)), type };
      if (Number(row.holds) === 1) await enterPaths({ dialect, query }, { sequence, repository, request });
      after = sequence;
    }
    if (rows.length < PAGE) return;
  }
}

/** A damaged request may be about any path. */
function requestOf(text: string): Pick<JobRequest, "paths"> {
  try {
    const request = JSON.parse(text) as JobRequest;
    return Array.isArray(request.paths) && request.paths.length > 0 ? request : { paths: ["/"] };
  } catch {
    return { paths: ["/"] };
  }
}
