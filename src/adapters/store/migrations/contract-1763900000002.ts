import type { Migration, MigrationTools } from "../../sql/index.js";
import { CHUNK, IDEMPOTENCY, JOB } from "../tables.js";

/**
 * Adds what the full contract needs: jobs that hold no scope, queued jobs, paths for the history, a dry run's first and
 * last path, idempotency keys, and finding the chunk of a path.
 */
export class Contract1763900000002 implements Migration {
  readonly name = "Contract1763900000002";

  async up({ dialect, query }: MigrationTools): Promise<void> {
    const { ddl } = dialect;
    await query(`alter table ${JOB} add column holds integer not null default 1`);
    await query(`alter table ${JOB} add column queued integer not null default 0`);
    await query(`alter table ${JOB} add column roots text not null default ''`);
    await query(`alter table ${JOB} add column found text`);
    // Only SQLite stores are older than this migration.
    if (dialect.name === "sqlite")
      await query(`update ${JOB} set roots = char(10) || coalesce((select group_concat(value, char(10)) from json_each(request, '$.paths')), '') || char(10)
       where json_valid(request)`);
    await query(`alter table ${CHUNK} add column first_key ${ddl.bytes}`);
    await query(`create index {index chunk_by_path} on ${CHUNK} (job_id, first_key)`);
    await query(`create table ${IDEMPOTENCY} (
      principal text not null,
      key text not null,
      fingerprint text not null,
      job_id text not null references ${JOB} (id) on delete cascade,
      primary key (principal, key)
    ) ${ddl.clustered}`);
  }
}
