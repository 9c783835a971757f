import type { Migration, MigrationTools } from "../../sql/index.js";
import { JOB } from "../tables.js";

/** Adds when work of a job was last claimed: its share of the claims rests on it. */
export class Shares1764550000000 implements Migration {
  readonly name = "Shares1764550000000";

  async up({ dialect: { ddl }, query }: MigrationTools): Promise<void> {
    await query(`alter table ${JOB} add column claimed_at_ms ${ddl.big} not null default 0`);
  }
}
