import type { MigrationInterface, QueryRunner } from "typeorm";
import { CHUNK, IDEMPOTENCY, JOB } from "../tables.js";

/**
 * What the whole contract needs: jobs that hold no scope, jobs that queue, the paths for the history, the ends of
 * a dry run, idempotency keys, and where in a job a path is.
 */
export class Contract1763900000002 implements MigrationInterface {
  readonly name = "Contract1763900000002";

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`alter table ${JOB} add column holds integer not null default 1`);
    await runner.query(`alter table ${JOB} add column queued integer not null default 0`);
    await runner.query(`alter table ${JOB} add column roots text not null default ''`);
    await runner.query(`alter table ${JOB} add column found text`);
    await runner.query(`update ${JOB} set roots = char(10) || coalesce((select group_concat(value, char(10)) from json_each(request, '$.paths')), '') || char(10)
       where json_valid(request)`);
    await runner.query(`alter table ${CHUNK} add column first_key blob`);
    await runner.query(`create index assetmill_chunk_by_path on ${CHUNK} (job_id, first_key)`);
    await runner.query(`create table ${IDEMPOTENCY} (
      principal text not null,
      key text not null,
      fingerprint text not null,
      job_id text not null references ${JOB} (id) on delete cascade,
      primary key (principal, key)
    ) without rowid`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`drop table ${IDEMPOTENCY}`);
    await runner.query("drop index assetmill_chunk_by_path");
    await runner.query(`alter table ${CHUNK} drop column first_key`);
    for (const column of ["holds", "queued", "roots", "found"]) {
      await runner.query(`alter table ${JOB} drop column ${column}`);
    }
  }
}
