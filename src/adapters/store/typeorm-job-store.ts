import { DISCOVERY } from "../../core/job/lease.js";
import type { Job, JobDraft } from "../../core/job/job.js";
import { jobOfKey } from "../../core/job/job-key.js";
import { firstLines } from "../../core/job/job-lines.js";
import type { JobChange } from "../../core/job/job-transitions.js";
import type { KeyedJob } from "../../core/job/job-key.js";
import type { JobPage, JobQuery, JobStore, JobView, OtherJobs } from "../../core/ports/job-store.js";
import type { Row, SqlDatabase, SqlTransaction } from "../sql/sql-database.js";
import { inheritedBy } from "./earlier-costs.js";
import { holdScope } from "./held-scopes.js";
import { jobOfRow, rowOfDraft } from "./job-mapper.js";
import { certainFactsOf, DELETING, lockJob, lockScopes, storeChange } from "./job-records.js";
import { JobRow } from "./job-row.js";
import { STOPPING } from "./job-status.js";
import { listJobs } from "./list-jobs.js";
import { otherJobs } from "./rivals.js";
import { IDEMPOTENCY, JOB, LEASE } from "./tables.js";

/** Jobs in a database. */
export class TypeOrmJobStore implements JobStore {
  readonly #database: SqlDatabase;

  constructor(database: SqlDatabase) {
    this.#database = database;
  }

  create(draft: JobDraft, admit: (others: OtherJobs) => Promise<void>): Promise<Job> {
    return this.#database.write(async (tx) => {
      await lockScopes(tx);
      const known = draft.idempotency && (await storedJobOfKey(tx, draft.createdBy, draft.idempotency));
      if (known !== undefined) return lockJob(tx, known);
      // Retention takes the same lock, so the job referred to cannot be deleted meanwhile.
      if (draft.restartedFrom !== undefined) await lockJob(tx, draft.restartedFrom);
      await admit(otherJobs(tx, draft));
      await tx.manager.insert(JobRow, rowOfDraft(draft, tx.nowMs, await inheritedBy(tx, draft)));
      await tx.query(`insert into ${LEASE} (job_id, chunk, state, next_chunk) values (?, ?, 'READY', 1)`, [
        draft.id,
        DISCOVERY,
      ]);
      if (draft.idempotency) {
        const { key, fingerprint } = draft.idempotency;
        await tx.query(`insert into ${IDEMPOTENCY} (principal, key, fingerprint, job_id) values (?, ?, ?, ?)`, [
          draft.createdBy,
          key,
          fingerprint,
          draft.id,
        ]);
      }
      const job = await lockJob(tx, draft.id);
      await holdScope(tx, job);
      return storeChange(tx, job, { job, lines: firstLines(job, draft) });
    });
  }

  async byKey(principal: string, key: string): Promise<KeyedJob | undefined> {
    const [row] = await this.#database.read(BY_KEY, [principal, key]);
    return row && keyedJob(row);
  }

  async get(id: string): Promise<Job | undefined> {
    const row = await this.#database.entities((jobs) => jobs.findOneBy(JobRow, { id }));
    return row && row.status !== DELETING ? jobOfRow(row) : undefined;
  }

  list(query: JobQuery): Promise<JobPage> {
    return listJobs(this.#database, query);
  }

  async stopping(ids: readonly string[]): Promise<readonly string[]> {
    const among = this.#database.dialect.list("text");
    const rows = await this.#database.read(`select id from ${JOB} where id in ${among} and ${STOPPING}`, [
      JSON.stringify(ids),
    ]);
    return rows.map(({ id }) => String(id));
  }

  async unattended(ids: readonly string[]): Promise<ReadonlyMap<string, number>> {
    const { dialect } = this.#database;
    // The latest lease, for which all of a job's are read, is sought only where none is valid.
    const rows = await this.#database.read(
      `with seen as materialized (
         select j.id, case when exists (
             select 1 from ${LEASE} l ${dialect.byIndex("lease_by_state")}
             where l.job_id = j.id and state = 'LEASED' and until_ms > ${dialect.now})
           then 0 else (select max(until_ms) from ${LEASE} l where l.job_id = j.id) end as until_ms
         from ${JOB} j where j.id in ${dialect.list("text")})
       select id, until_ms from seen where until_ms > 0 and until_ms <= ${dialect.now}`,
      [JSON.stringify(ids)],
    );
    return new Map(rows.map((row) => [String(row.id), Number(row.until_ms)]));
  }

  async now(): Promise<number> {
    const [row] = await this.#database.read(`select ${this.#database.dialect.now} as now_ms`, []);
    return Number(row?.now_ms);
  }

  update(id: string, decide: (view: JobView) => JobChange | Promise<JobChange>): Promise<Job> {
    return this.#database.write(async (tx) => {
      await lockScopes(tx);
      const job = await lockJob(tx, id);
      const facts = await certainFactsOf(tx, id);
      return storeChange(tx, job, await decide({ job, facts, others: otherJobs(tx, job) }));
    });
  }
}

const BY_KEY = `select job_id, fingerprint from ${IDEMPOTENCY} where principal = ? and key = ?`;

const keyedJob = (row: Row): KeyedJob => ({ jobId: String(row.job_id), fingerprint: String(row.fingerprint) });

/** Returns the id of the job that the key stands for. The lock of every creation must be held. */
async function storedJobOfKey(
  tx: SqlTransaction,
  principal: string,
  { key, fingerprint }: NonNullable<JobDraft["idempotency"]>,
): Promise<string | undefined> {
  const [row] = await tx.query(BY_KEY, [principal, key]);
  return row && jobOfKey(keyedJob(row), fingerprint);
}
