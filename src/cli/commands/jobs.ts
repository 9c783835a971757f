import type { JobStatus } from "../../core/job/lifecycle.js";
import type { JobReport } from "../../core/job/job-report.js";
import { HISTORY_PAGE } from "../../core/job/page-limits.js";
import { osUserName } from "../os-user-name.js";
import { EXIT, type ExitCode } from "../exit-codes.js";
import { type JobsFlags, withJobs } from "../with-jobs.js";
import type { Jobs } from "../jobs.js";
import type { Output } from "../output.js";
import { storeFlag } from "../store-flag.js";
import { shownPath } from "../shown-path.js";

export interface JobFlags extends JobsFlags {
  readonly json?: boolean;
}

/** Shows a job's status. */
export const statusCommand = (id: string, flags: JobFlags, output: Output): Promise<ExitCode> =>
  withJobs(flags, async (jobs) => {
    show(await jobs.status(id), flags, output);
    return EXIT.success;
  });

/** What each action does. Each returns the resulting job, which may be a new one. */
const ACTIONS = {
  cancel: (jobs: Jobs, id: string) => jobs.cancel(id, osUserName()),
  pause: (jobs: Jobs, id: string) => jobs.pause(id, osUserName()),
  resume: (jobs: Jobs, id: string) => jobs.resume(id, osUserName()),
  restart: async (jobs: Jobs, id: string) => jobs.status((await jobs.restart(id, osUserName())).processingId),
  "retry-failed": async (jobs: Jobs, id: string) =>
    jobs.status((await jobs.retryFailed(id, osUserName())).processingId),
};

export type Action = keyof typeof ACTIONS;

/** After these, a job waits in the store for someone to run it. A server runs it itself. */
const WAITING_AFTER: readonly Action[] = ["resume", "restart", "retry-failed"];

/** Cancels, pauses, resumes, restarts or retries a job. Workers on the same store notice within a second. */
export const actionCommand = (action: Action, id: string, flags: JobFlags, output: Output): Promise<ExitCode> =>
  withJobs(flags, async (jobs) => {
    const report = await ACTIONS[action](jobs, id);
    show(report, flags, output);
    if (WAITING_AFTER.includes(action) && flags.server === undefined) {
      output.say("A running `assetmill serve` on its repository picks it up by itself. To run it without one:");
      output.say(`  assetmill process --job ${report.processingId}${storeFlag(flags)} --assets URI`);
    }
    return EXIT.success;
  });

export interface HistoryFlags extends JobFlags {
  readonly limit?: number;
  readonly before?: string;
  readonly status?: JobStatus;
  readonly type?: string;
  readonly path?: string;
  readonly createdBy?: string;
}

/** Lists jobs, newest first, page by page. */
export const historyCommand = (flags: HistoryFlags, output: Output): Promise<ExitCode> =>
  withJobs(flags, async (jobs) => {
    const { limit = HISTORY_PAGE.default, before, status, type, path, createdBy } = flags;
    let next = before;
    let left = limit;
    do {
      const page = await jobs.history({
        limit: left,
        ...(next === undefined ? {} : { before: next }),
        ...(status === undefined ? {} : { status }),
        ...(type === undefined ? {} : { type }),
        ...(path === undefined ? {} : { path }),
        ...(createdBy === undefined ? {} : { createdBy }),
      });
      for (const report of page.jobs) {
        if (flags.json) output.json(report);
        else output.line(historyLine(report));
      }
      left -= page.jobs.length;
      // A page that has nothing and yet goes on would go on for ever.
      next = page.jobs.length === 0 ? undefined : page.next;
    } while (next !== undefined && left > 0);
    return EXIT.success;
  });

const historyLine = (report: JobReport): string =>
  `${report.processingId} ${report.status.padEnd(10)} ${counts(report)} ${shownPath(report.path)}${kind(report)}${unattended(report)}`;

const kind = (report: JobReport): string => (report.dryRun ? " (dry run)" : "");

/** Says so if nobody works on a job whose status sounds as if somebody did. */
const unattended = ({ unattendedSince }: JobReport): string =>
  unattendedSince === undefined ? "" : ` (no worker since ${new Date(unattendedSince).toISOString()})`;

const counts = (report: JobReport): string => `${report.processedCount}/${report.migrationSet.totalFiles}`;

/** The remaining time and what it rests on; a job that has ended, or whose time nobody knows, has none. */
const left = ({ eta: { value, basis } }: JobReport): string =>
  basis === "DONE" || basis === "UNKNOWN" ? "-" : `${value} s (${basis})`;

function show(report: JobReport, flags: JobFlags, output: Output): void {
  if (flags.json) {
    output.json(report);
    return;
  }
  const rows: [string, string][] = [
    ["Job", `${report.processingId}${kind(report)}`],
    ...(report.restartedFrom === undefined
      ? []
      : [["Restarted from", report.restartedFrom] satisfies [string, string]]),
    ["Path", report.paths.map(shownPath).join(", ")],
    ["Status", `${report.status}${report.pausing ? " (pausing)" : ""}${unattended(report)}`],
    [
      "Done",
      `${counts(report)} (${report.succeededCount} succeeded, ${report.failedCount} failed, ${report.skippedCount} skipped)`,
    ],
    ["Warnings", String(report.warningCount)],
    ["Counting", report.migrationSet.calculationStatus],
    ["Left", left(report)],
    ["Attempt", String(report.attempt)],
    ["Created by", report.createdBy],
    ["Started", report.startedAt === 0 ? "-" : new Date(report.startedAt).toISOString()],
    ["Ended", report.completedAt === 0 ? "-" : new Date(report.completedAt).toISOString()],
    ["Comments", report.comments || "-"],
  ];
  for (const [name, value] of rows) output.line(`${`${name}:`.padEnd(15)} ${value}`);
}
