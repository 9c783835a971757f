import type { Job } from "../../core/job/job.js";
import { formatLine, type LogEntry } from "../../core/job/log-entry.js";
import { packText } from "../sql/packed.js";
import type { SqlTransaction } from "../sql/sql-database.js";
import { LOG_BLOCK } from "./tables.js";

/** Maximum lines per block, so that reading a page unpacks little more than the page. */
const BLOCK_LINES = 500;

/** Appends lines to the job's log, as blocks, and returns the new number of lines. The job's row must be locked. */
export async function insertLines(tx: SqlTransaction, job: Job, entries: readonly LogEntry[]): Promise<number> {
  let first = job.logLines;
  for (let i = 0; i < entries.length; i += BLOCK_LINES) {
    const block = entries.slice(i, i + BLOCK_LINES);
    const text = block.map((entry) => formatLine(entry, job.request.type, tx.nowMs)).join("\n");
    await tx.query(`insert into ${LOG_BLOCK} (job_id, first_line, lines, text) values (?, ?, ?, ?)`, [
      job.id,
      first,
      block.length,
      packText(text),
    ]);
    first += block.length;
  }
  return first;
}
