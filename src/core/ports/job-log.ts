import type { LogEntry } from "../job/log-entry.js";

/** Formatted lines from a job's log. */
export interface LogPage {
  readonly lines: readonly string[];
  /** Number of the first line returned, from 0. */
  readonly offset: number;
  /** True where later lines exist now. */
  readonly hasMore: boolean;
}

/** A job's log. Numbers start at 0, have no gap, and never change. */
export interface JobLog {
  /** Adds lines outside of any commit, e.g. a takeover. */
  append(jobId: string, entries: readonly LogEntry[]): Promise<void>;
  read(jobId: string, offset: number, limit: number): Promise<LogPage>;
  /** The last `count` lines. */
  tail(jobId: string, count: number): Promise<LogPage>;
}
