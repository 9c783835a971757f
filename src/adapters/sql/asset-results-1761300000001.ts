import type { Migration, MigrationTools } from "./migrations.js";

/** Creates the tables for assets' results and stamps, by repository. Existing stores know it by this name. */
export class FolderResults1761300000001 implements Migration {
  readonly name = "FolderResults1761300000001";

  async up({ dialect: { ddl }, query }: MigrationTools): Promise<void> {
    await query(`create table {repository} (
      id ${ddl.autoincrement},
      identity text not null unique
    )`);
    await query(`create table {folder_result} (
      repository_id integer not null references {repository} (id),
      path text not null,
      properties text,
      refs text,
      size_bytes ${ddl.big} not null,
      modified_ms ${ddl.big} not null,
      content_hash text,
      handlers text not null,
      job_id text not null,
      at_ms ${ddl.big} not null,
      primary key (repository_id, path)
    ) ${ddl.clustered}`);
  }
}
