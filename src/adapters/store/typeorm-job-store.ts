import { In, LessThan } from "typeorm";
import { DISCOVERY } from "../../core/chunk.js";
import type { Job, JobDraft } from "../../core/job.js";
import { startLine } from "../../core/job-lines.js";
import type { JobChange } from "../../core/job-transitions.js";
import type { JobQuery, JobStore, JobView } from "../../core/ports/job-store.js";
import type { SqlDatabase } from "../sql/sql-database.js";
import { sqlError } from "../sql/sql-errors.js";
import { jobOfRow, rowOfDraft } from "./job-mapper.js";
import { certainFactsOf, holdJob, rivalsOf, storeChange } from "./job-records.js";
import { JobRow } from "./job-row.js";
import { LEASE } from "./tables.js";

/** Jobs in a database. */
export class TypeOrmJobStore implements JobStore {
  readonly #database: SqlDatabase;

  constructor(database: SqlDatabase) {
    this.#database = database;
  }

  create(draft: JobDraft, admit: (rivals: readonly Job[]) => void): Promise<Job> {
    return this.#database.write(async (tx) => {
      admit(await rivalsOf(tx, draft.repository, draft.request.type));
      await tx.manager.insert(JobRow, rowOfDraft(draft, tx.nowMs));
      await tx.query(`insert into ${LEASE} (job_id, chunk, state, next_chunk) values (?, ?, 'READY', 1)`, [
        draft.id,
        DISCOVERY,
      ]);
      const job = await holdJob(tx, draft.id);
      return storeChange(tx, job, { job, lines: [startLine(job)] });
    });
  }

  async get(id: string): Promise<Job | undefined> {
    try {
      const row = await this.#database.entities.findOneBy(JobRow, { id });
      return row ? jobOfRow(row) : undefined;
    } catch (error) {
      throw sqlError(error);
    }
  }

  async list(query: JobQuery): Promise<readonly Job[]> {
    try {
      const rows = await this.#database.entities.find(JobRow, {
        where: {
          ...(query.beforeSequence === undefined ? {} : { sequence: LessThan(query.beforeSequence) }),
          ...(query.statuses === undefined ? {} : { status: In([...query.statuses]) }),
          ...(query.repository === undefined ? {} : { repository: query.repository }),
          ...(query.ids === undefined ? {} : { id: In([...query.ids]) }),
        },
        order: { sequence: "DESC" },
        take: query.limit,
      });
      return rows.map(jobOfRow);
    } catch (error) {
      throw sqlError(error);
    }
  }

  update(id: string, decide: (view: JobView) => JobChange): Promise<Job> {
    return this.#database.write(async (tx) => {
      const job = await holdJob(tx, id);
      const facts = await certainFactsOf(tx, id);
      const rivals = await rivalsOf(tx, job.repository, job.request.type, id);
      return storeChange(tx, job, decide({ job, facts, rivals }));
    });
  }
}
