import type { LogEntry } from "../../core/job/log-entry.js";
import type { JobLog, LogPage } from "../../core/ports/job-log.js";
import { unpackText } from "../sql/packed.js";
import type { SqlDatabase } from "../sql/sql-database.js";
import { lockJob, storeChange } from "./job-records.js";
import { JOB, LOG_BLOCK } from "./tables.js";

/** Job logs in a database, as blocks of lines: any page is a range of blocks. */
export class TypeOrmJobLog implements JobLog {
  readonly #database: SqlDatabase;

  constructor(database: SqlDatabase) {
    this.#database = database;
  }

  async append(jobId: string, entries: readonly LogEntry[]): Promise<void> {
    await this.#database.write(async (tx) => {
      const job = await lockJob(tx, jobId);
      await storeChange(tx, job, { job, lines: entries });
    });
  }

  async read(jobId: string, offset: number, limit: number): Promise<LogPage> {
    const total = await this.#lineCount(jobId);
    const end = Math.min(offset + limit, total);
    if (offset >= end) return { lines: [], offset, hasMore: offset < total };
    const blocks = await this.#database.read(
      `select first_line, text from ${LOG_BLOCK}
       where job_id = ? and first_line < ? and first_line >= coalesce(
         (select max(first_line) from ${LOG_BLOCK} where job_id = ? and first_line <= ?), 0)
       order by first_line`,
      [jobId, end, jobId, offset],
    );
    const lines: string[] = [];
    for (const block of blocks) {
      const first = Number(block.first_line);
      const all = unpackText(block.text as Uint8Array).split("\n");
      for (const line of all.slice(Math.max(0, offset - first), end - first)) lines.push(line);
    }
    return { lines, offset, hasMore: end < total };
  }

  async tail(jobId: string, count: number): Promise<LogPage> {
    const total = await this.#lineCount(jobId);
    return this.read(jobId, Math.max(0, total - count), count);
  }

  async #lineCount(jobId: string): Promise<number> {
    const [row] = await this.#database.read(`select log_lines from ${JOB} where id = ?`, [jobId]);
    return Number(row?.log_lines ?? 0);
  }
}
