import type { JobRetention, RetentionRule, RetentionStep } from "../../core/ports/job-retention.js";
import type { SqlDatabase, SqlTransaction } from "../sql/sql-database.js";
import { DELETING, lockScopes } from "./job-records.js";
import { CHUNK, IDEMPOTENCY, JOB, LEASE, LOG_BLOCK, OUTCOME_PART } from "./tables.js";

/** Maximum rows to delete and jobs to mark in one transaction. */
const ROWS = 500;
const JOBS = 20;

/** SQL: text in the request of a job that retries the failed assets of job `j`; jobs restarted from that one have it, too. */
const FAILED_OF = `'"failedOf":"' || j.id || '"'`;

const ENDED = "status in ('SUCCESS', 'FAILURE', 'CANCELLED')";

/** Tables with rows of a job, and the rest of their keys. */
const PARTS = [
  [OUTCOME_PART, "chunk, epoch, part"],
  [LOG_BLOCK, "first_line"],
  [CHUNK, "chunk"],
  [LEASE, "chunk"],
] as const;

/** Deletes jobs in steps: marks a job, deletes its rows in the other tables, and its own row last. */
export class TypeOrmJobRetention implements JobRetention {
  readonly #database: SqlDatabase;

  constructor(database: SqlDatabase) {
    this.#database = database;
  }

  async step(rule: RetentionRule): Promise<RetentionStep> {
    const [marked] = await this.#database.read(`select id from ${JOB} where status = ? order by sequence limit 1`, [
      DELETING,
    ]);
    if (!marked) return { deleted: 0, more: await this.#database.write((tx) => mark(tx, rule)) };
    return this.#database.write(async (tx) => {
      const id = String(marked.id);
      if (await empty(tx, id)) return { deleted: 0, more: true };
      const gone = await tx.query(`delete from ${JOB} where id = ? and status = ? returning id`, [id, DELETING]);
      return { deleted: gone.length, more: true };
    });
  }
}

/** Marks jobs; returns whether there were any. Takes the lock of every creation and resume, so that no new job refers to a marked one. */
async function mark(tx: SqlTransaction, { maxAgeMs, maxJobs }: RetentionRule): Promise<boolean> {
  await lockScopes(tx);
  const beyond: string[] = [];
  const parameters: number[] = [];
  if (maxAgeMs !== undefined) {
    beyond.push("completed_at_ms < ?");
    parameters.push(tx.nowMs - maxAgeMs);
  }
  if (maxJobs !== undefined) {
    beyond.push(`sequence <= (select sequence from ${JOB} where ${ENDED} order by sequence desc limit 1 offset ?)`);
    parameters.push(maxJobs);
  }
  if (beyond.length === 0) return false;
  const found = await tx.query(
    `select id from ${JOB} j where ${ENDED} and (${beyond.join(" or ")})
       and id not in (select restarted_from from ${JOB} where restarted_from is not null)
       and not exists (select 1 from ${JOB} r where ${tx.dialect.contains("r.request").replace("?", FAILED_OF)})
     order by sequence limit ${JOBS}`,
    parameters,
  );
  if (found.length === 0) return false;
  const ids = JSON.stringify(found.map(({ id }) => String(id)));
  const going = `in ${tx.dialect.list("text")}`;
  await tx.query(`update ${JOB} set status = ? where ${ENDED} and id ${going} returning id`, [DELETING, ids]);
  // An idempotency key lives as long as its job can be found: the next start with it creates a new job.
  await tx.query(`delete from ${IDEMPOTENCY} where job_id ${going} returning job_id`, [ids]);
  return true;
}

/** Deletes some of the job's rows in the other tables; returns whether there were any. */
async function empty(tx: SqlTransaction, id: string): Promise<boolean> {
  for (const [table, key] of PARTS) {
    const gone = await tx.query(
      `delete from ${table} where job_id = ? and (${key}) in (select ${key} from ${table} where job_id = ? limit ${ROWS})
       returning job_id`,
      [id, id],
    );
    if (gone.length > 0) return true;
  }
  return false;
}
