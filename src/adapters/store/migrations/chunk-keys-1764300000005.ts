import type { Migration, MigrationTools } from "../../sql/index.js";
import { CHUNK, JOB } from "../tables.js";

/** Lets chunks begin with any path, and jobs belong to any repository: PostgreSQL's index entries cannot hold long ones. */
export class ChunkKeys1764300000005 implements Migration {
  readonly name = "ChunkKeys1764300000005";

  async up({ dialect, query }: MigrationTools): Promise<void> {
    // SQLite's indexes hold keys of any length.
    if (dialect.name === "sqlite") return;
    await query(`drop index {chunk_by_path}`);
    await query(`create index {index chunk_by_path} on ${CHUNK} (job_id, ${dialect.keys.head("first_key")})`);
    await query(`drop index {job_by_status}`);
    await query(`create index {index job_by_status} on ${JOB} (status)`);
  }
}
