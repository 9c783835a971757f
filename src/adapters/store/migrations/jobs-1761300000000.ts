import type { Migration, MigrationTools } from "../../sql/index.js";
import { CHUNK, JOB, LEASE, LOG_BLOCK, OUTCOME_PART } from "../tables.js";

/**
 * Creates tables for jobs, leases (chunk 0 is discovery), chunk manifests (written once), outcomes (appended part by part)
 * and log blocks. Leases are separate from manifests so that a claim or commit rewrites only a small row.
 */
export class Jobs1761300000000 implements Migration {
  readonly name = "Jobs1761300000000";

  async up({ dialect: { ddl }, query }: MigrationTools): Promise<void> {
    await query(`create table ${JOB} (
      sequence ${ddl.autoincrement},
      id text not null unique,
      type text not null,
      repository text not null,
      status text not null,
      pausing integer not null default 0,
      giving_up text,
      priority integer not null,
      request text not null,
      handlers text not null,
      created_by text not null,
      created_at_ms ${ddl.big} not null,
      started_at_ms ${ddl.big} not null default 0,
      completed_at_ms ${ddl.big} not null default 0,
      attempt integer not null default 1,
      comments text not null default '',
      restarted_from text,
      counting text not null default 'WAITING',
      tally text not null,
      triggered integer not null default 0,
      open_chunks integer not null default 0,
      attempt_base text not null,
      pace text not null,
      progress_logged_at_ms ${ddl.big} not null default 0,
      log_lines integer not null default 0
    )`);
    await query(`create index {index job_by_status} on ${JOB} (status, repository)`);
    await query(`create table ${LEASE} (
      job_id text not null references ${JOB} (id) on delete cascade,
      chunk integer not null,
      state text not null,
      epoch integer not null default 0,
      part integer not null default 0,
      owner text,
      until_ms ${ddl.big} not null default 0,
      triggerable integer not null default 0,
      deaths integer not null default 0,
      announced integer,
      charges text,
      path_cursor text,
      next_chunk integer,
      primary key (job_id, chunk)
    ) ${ddl.oftenUpdated}`);
    await query(`create index {index lease_by_state} on ${LEASE} (job_id, state, chunk)`);
    await query(`create index {index lease_leased} on ${LEASE} (owner) where state = 'LEASED'`);
    await query(`create table ${CHUNK} (
      job_id text not null references ${JOB} (id) on delete cascade,
      chunk integer not null,
      assets integer not null,
      ruled integer not null,
      created_at_ms ${ddl.big} not null,
      manifest ${ddl.bytes} not null,
      primary key (job_id, chunk)
    )`);
    await query(`create table ${OUTCOME_PART} (
      job_id text not null references ${JOB} (id) on delete cascade,
      chunk integer not null,
      epoch integer not null,
      part integer not null,
      at_ms ${ddl.big} not null,
      succeeded integer not null,
      failed integer not null,
      skipped integer not null,
      outcomes ${ddl.bytes} not null,
      primary key (job_id, chunk, epoch, part)
    )`);
    await query(`create table ${LOG_BLOCK} (
      job_id text not null references ${JOB} (id) on delete cascade,
      first_line integer not null,
      lines integer not null,
      text ${ddl.bytes} not null,
      primary key (job_id, first_line)
    )`);
  }
}
