import type { Migration, MigrationTools } from "../../sql/index.js";
import { JOB } from "../tables.js";

/** Adds by what jobs are found whose assets cost alike. Jobs that are older leave nothing to later ones. */
export class JobCosts1796205600090 implements Migration {
  readonly name = "JobCosts1796205600090";

  async up({ query }: MigrationTools): Promise<void> {
    await query(`alter table ${JOB} add column cost_key text not null default ''`);
    await query(`create index {index job_costs} on ${JOB} (cost_key, sequence)
      where cost_key <> '' and status in ('SUCCESS', 'FAILURE', 'CANCELLED')`);
  }
}
