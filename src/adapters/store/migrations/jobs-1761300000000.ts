import type { MigrationInterface, QueryRunner } from "typeorm";
import { CHUNK, JOB, LEASE, LOG_BLOCK, OUTCOME_PART } from "../tables.js";

/**
 * Jobs; leases (chunk 0 is discovery); chunk manifests, written once; outcomes, appended part by part; log blocks.
 * Leases are apart from manifests so that a claim or commit rewrites a small row.
 */
export class Jobs1761300000000 implements MigrationInterface {
  readonly name = "Jobs1761300000000";

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`create table ${JOB} (
      sequence integer primary key autoincrement,
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
      created_at_ms integer not null,
      started_at_ms integer not null default 0,
      completed_at_ms integer not null default 0,
      attempt integer not null default 1,
      comments text not null default '',
      restarted_from text,
      counting text not null default 'WAITING',
      tally text not null,
      triggered integer not null default 0,
      open_chunks integer not null default 0,
      attempt_base text not null,
      pace text not null,
      progress_logged_at_ms integer not null default 0,
      log_lines integer not null default 0
    )`);
    await runner.query(`create index assetmill_job_by_status on ${JOB} (status, repository)`);
    await runner.query(`create table ${LEASE} (
      job_id text not null references ${JOB} (id) on delete cascade,
      chunk integer not null,
      state text not null,
      epoch integer not null default 0,
      part integer not null default 0,
      owner text,
      until_ms integer not null default 0,
      triggerable integer not null default 0,
      deaths integer not null default 0,
      announced integer,
      charges text,
      path_cursor text,
      next_chunk integer,
      primary key (job_id, chunk)
    ) without rowid`);
    await runner.query(`create index assetmill_lease_by_state on ${LEASE} (job_id, state, chunk)`);
    await runner.query(`create index assetmill_lease_leased on ${LEASE} (owner) where state = 'LEASED'`);
    await runner.query(`create table ${CHUNK} (
      job_id text not null references ${JOB} (id) on delete cascade,
      chunk integer not null,
      assets integer not null,
      ruled integer not null,
      created_at_ms integer not null,
      manifest blob not null,
      primary key (job_id, chunk)
    )`);
    await runner.query(`create table ${OUTCOME_PART} (
      job_id text not null references ${JOB} (id) on delete cascade,
      chunk integer not null,
      epoch integer not null,
      part integer not null,
      at_ms integer not null,
      succeeded integer not null,
      failed integer not null,
      skipped integer not null,
      outcomes blob not null,
      primary key (job_id, chunk, epoch, part)
    )`);
    await runner.query(`create table ${LOG_BLOCK} (
      job_id text not null references ${JOB} (id) on delete cascade,
      first_line integer not null,
      lines integer not null,
      text blob not null,
      primary key (job_id, first_line)
    )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of [LOG_BLOCK, OUTCOME_PART, CHUNK, LEASE, JOB]) await runner.query(`drop table ${table}`);
  }
}
