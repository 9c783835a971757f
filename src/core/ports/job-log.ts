import type { LogEntry } from "../job/log-entry.js";

/** Formatted lines from a job's log. */
export interface LogPage {
  readonly lines: readonly string[];
  /** Number of the first returned line, counted from 0. */
  readonly offset: number;
  /** Whether the log has more lines after these. */
  readonly hasMore: boolean;
}

/** The jobs' logs. Line numbers start at 0, have no gaps and never change. */
export interface JobLog {
  /** Appends lines outside any commit. */
  append(jobId: string, entries: readonly LogEntry[]): Promise<void>;
  /** Returns at most `limit` lines, starting with line `offset`. */
  read(jobId: string, offset: number, limit: number): Promise<LogPage>;
  /** Returns the last `count` lines. */
  tail(jobId: string, count: number): Promise<LogPage>;
}
