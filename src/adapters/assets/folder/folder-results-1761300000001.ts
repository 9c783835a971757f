import type { MigrationInterface, QueryRunner } from "typeorm";
import { FOLDER_RESULT, REPOSITORY } from "./tables.js";

/** Results and stamps of assets that live in folders: the users' own files are never changed. */
export class FolderResults1761300000001 implements MigrationInterface {
  readonly name = "FolderResults1761300000001";

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`create table ${REPOSITORY} (
      id integer primary key autoincrement,
      identity text not null unique
    )`);
    await runner.query(`create table ${FOLDER_RESULT} (
      repository_id integer not null references ${REPOSITORY} (id),
      path text not null,
      properties text,
      refs text,
      size_bytes integer not null,
      modified_ms integer not null,
      content_hash text,
      handlers text not null,
      job_id text not null,
      at_ms integer not null,
      primary key (repository_id, path)
    ) without rowid`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`drop table ${FOLDER_RESULT}`);
    await runner.query(`drop table ${REPOSITORY}`);
  }
}
