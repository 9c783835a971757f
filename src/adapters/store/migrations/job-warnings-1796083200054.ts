import type { Migration, MigrationTools } from "../../sql/index.js";
import { JOB } from "../tables.js";

/** Adds the number of a job's warnings. Jobs that are older count none, whatever their log says. */
export class JobWarnings1796083200054 implements Migration {
  readonly name = "JobWarnings1796083200054";

  async up({ dialect: { ddl }, query }: MigrationTools): Promise<void> {
    await query(`alter table ${JOB} add column warnings ${ddl.big} not null default 0`);
  }
}
