import type { LogEntry } from "../core/job/log-entry.js";
import type { JobLog, LogPage } from "../core/ports/job-log.js";
import { holdJob, type MemoryDatabase, storeChange } from "./memory-database.js";

/** Jobs' logs in memory: the port's specification. */
export class MemoryJobLog implements JobLog {
  readonly #database: MemoryDatabase;

  constructor(database: MemoryDatabase) {
    this.#database = database;
  }

  async append(jobId: string, entries: readonly LogEntry[]): Promise<void> {
    await this.#database.write((tx) => {
      const held = holdJob(tx, jobId);
      storeChange(tx, held, { job: held.job, lines: entries });
    });
  }

  async read(jobId: string, offset: number, limit: number): Promise<LogPage> {
    const all = this.#lines(jobId);
    return { lines: all.slice(offset, offset + limit), offset, hasMore: offset + limit < all.length };
  }

  async tail(jobId: string, count: number): Promise<LogPage> {
    const all = this.#lines(jobId);
    const offset = Math.max(0, all.length - count);
    return { lines: all.slice(offset), offset, hasMore: false };
  }

  #lines(jobId: string): readonly string[] {
    return this.#database.state.jobs.get(jobId)?.lines ?? [];
  }
}
