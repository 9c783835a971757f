import { type EventPlace, formatEventId, parseEventId } from "../job/cursor.js";
import { isFinal } from "../job/lifecycle.js";
import type { ListedJob } from "../job/listed-job.js";
import { LOG_PAGE } from "../job/page-limits.js";
import type { Clock } from "../ports/clock.js";
import type { JobLog } from "../ports/job-log.js";
import { eventReportOf, type JobEvent } from "../job/job-event.js";
import type { JobReport } from "../job/job-report.js";

/** How often a watched job is read. */
const LOOK_EVERY_MS = 500;
/** Minimum time between two progress events. */
const TELL_EVERY_MS = 1_000;

/** The position before the first line and the first status. */
const START: EventPlace = { line: 0, told: "" };

export interface WatchTools {
  readonly log: JobLog;
  readonly clock: Clock;
  /** Reads the job. Throws JOB_NOT_FOUND if it does not exist. */
  readonly job: () => Promise<ListedJob>;
  readonly report: (job: ListedJob) => Promise<JobReport>;
}

export interface WatchOptions {
  /** The id of the last event that the caller has seen. */
  readonly after?: string;
  readonly signal?: AbortSignal;
}

/**
 * Yields a job's events. An event's id combines the number of the next log line with the last reported status, which is
 * enough to resume after any break. Log lines come before the status that they led to, because both are read from the
 * same state of the job.
 */
export async function* watchJob(
  jobId: string,
  { after, signal }: WatchOptions,
  { log, clock, job: look, report: reportOf }: WatchTools,
): AsyncIterable<JobEvent> {
  let { line, told } = after === undefined ? START : parseEventId(after, "Last-Event-ID");
  let counted: number | undefined;
  let toldMs = Number.NEGATIVE_INFINITY;
  while (!signal?.aborted) {
    const job = await look();
    while (line < job.logLines) {
      const { lines } = await log.read(jobId, line, Math.min(LOG_PAGE.default, job.logLines - line));
      if (lines.length === 0) break;
      for (const text of lines) {
        if (signal?.aborted) return;
        yield { id: formatEventId({ line: line + 1, told }), kind: "log", line, text };
        line++;
      }
    }
    const report = eventReportOf(await reportOf(job));
    const nowMs = clock.monotonicMs();
    if (markOf(job) !== told) {
      told = markOf(job);
      counted = report.processedCount + report.migrationSet.totalFiles;
      toldMs = nowMs;
      yield { id: formatEventId({ line, told }), kind: "status", report };
    } else if (isFinal(job.state.status)) {
      return;
    } else if (counted !== report.processedCount + report.migrationSet.totalFiles && nowMs - toldMs >= TELL_EVERY_MS) {
      counted = report.processedCount + report.migrationSet.totalFiles;
      toldMs = nowMs;
      yield { id: formatEventId({ line, told }), kind: "progress", report };
    }
    if (isFinal(job.state.status)) return;
    await clock.sleep(LOOK_EVERY_MS, signal);
  }
}

/** Identifies what a status event reports: equal marks mean that nothing of it has changed. */
const markOf = ({ state, attempt, counting }: ListedJob): string =>
  [state.status, attempt, state.status === "PROCESSING" && state.pausing ? 1 : 0, counting].join("-");
