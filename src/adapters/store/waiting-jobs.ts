import { In } from "typeorm";
import { mustWait } from "../../core/job/job-queue.js";
import { ACTIVE_STATUSES } from "../../core/job/lifecycle.js";
import { scopeOfRequest } from "../../core/job/job-request.js";
import { overlaps } from "../../core/asset/scope.js";
import type { SqlDatabase } from "../sql/sql-database.js";
import { jobOfRow } from "./job-mapper.js";
import { JobRow } from "./job-row.js";
import { JOB } from "./tables.js";

/**
 * Remembers queued jobs that wait, each with one earlier job that it waits for: until that one ends there is no need to
 * check again. This only saves attempts; a claim checks again under the lock.
 */
export class WaitingJobs {
  readonly #for = new Map<string, string>();

  get ids(): readonly string[] {
    return [...this.#for.keys()];
  }

  /** Forgets jobs whose earlier job no longer holds its scope: they may be free. */
  async forgetFreed(database: SqlDatabase): Promise<void> {
    if (this.#for.size === 0) return;
    const rows = await database.read(
      `select id from ${JOB} where holds = 1 and status in ${database.dialect.list("text")}
         and id in ${database.dialect.list("text")}`,
      [JSON.stringify(ACTIVE_STATUSES), JSON.stringify([...new Set(this.#for.values())])],
    );
    const holding = new Set(rows.map(({ id }) => String(id)));
    for (const [id, earlier] of this.#for) if (!holding.has(earlier)) this.#for.delete(id);
  }

  /** Returns and remembers which of these queued jobs must wait. */
  async find(database: SqlDatabase, ids: readonly string[]): Promise<ReadonlySet<string>> {
    const behind = new Set<string>();
    if (ids.length === 0) return behind;
    const rows = await database.entities((jobs) => jobs.find(JobRow, { where: { id: In([...ids]) } }));
    const kinds = new Map(rows.map((row) => [`${row.repository}\n${row.type}`, row] as const));
    for (const { repository, type } of kinds.values()) {
      const held = await database.entities((jobs) =>
        jobs.find(JobRow, {
          where: { repository, type, holds: 1, status: In(ACTIVE_STATUSES) },
          order: { sequence: "ASC" },
        }),
      );
      const holders = held.map(jobOfRow).map((job) => ({ job, scope: scopeOfRequest(job.request) }));
      for (const { job, scope } of holders) {
        if (!ids.includes(job.id)) continue;
        const earlier = holders.find(
          (other) => other.job.sequence < job.sequence && overlaps(scope, other.scope) && mustWait(job, [other.job]),
        );
        if (!earlier) continue;
        behind.add(job.id);
        this.#for.set(job.id, earlier.job.id);
      }
    }
    return behind;
  }
}
