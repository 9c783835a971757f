import type { JobReport } from "../../core/operator/job-report.js";
import type { JobControl } from "../../core/ports/job-operator.js";
import { callerName } from "../caller.js";
import { EXIT, type ExitCode } from "../exit-codes.js";
import type { Output } from "../output.js";
import { withStore } from "../store-access.js";

export interface JobFlags {
  readonly store?: string;
  readonly json?: boolean;
}

/** How a job stands. */
export const statusCommand = (id: string, flags: JobFlags, output: Output): Promise<ExitCode> =>
  withStore(flags.store, async (control) => {
    show(await control.status(id), flags, output);
    return EXIT.success;
  });

export type Action = "cancel" | "pause" | "resume";

/** Sets a job's state. Whoever runs the job hears of it within a second. */
export const actionCommand = (action: Action, id: string, flags: JobFlags, output: Output): Promise<ExitCode> =>
  withStore(flags.store, async (control: JobControl) => {
    const report = await control[action](id, callerName());
    show(report, flags, output);
    if (action === "resume") {
      output.say(
        "A running `assetmill serve` on its repository takes it now; so does `assetmill process` of the same request.",
      );
    }
    return EXIT.success;
  });

/** The last jobs, newest first. */
export const historyCommand = (flags: JobFlags & { limit?: number }, output: Output): Promise<ExitCode> =>
  withStore(flags.store, async (control) => {
    for (const report of await control.history(flags.limit === undefined ? {} : { limit: flags.limit })) {
      if (flags.json) output.json(report);
      else output.line(`${report.processingId} ${report.status.padEnd(10)} ${counts(report)} ${report.path}`);
    }
    return EXIT.success;
  });

const counts = (report: JobReport): string => `${report.processedCount}/${report.migrationSet.totalFiles}`;

function show(report: JobReport, flags: JobFlags, output: Output): void {
  if (flags.json) {
    output.json(report);
    return;
  }
  const { eta } = report;
  const rows: [string, string][] = [
    ["Job", report.processingId],
    ["Path", report.paths.join(", ")],
    ["Status", report.pausing ? `${report.status} (pausing)` : report.status],
    [
      "Done",
      `${counts(report)} (${report.succeededCount} succeeded, ${report.failedCount} failed, ${report.skippedCount} skipped)`,
    ],
    ["Counting", report.migrationSet.calculationStatus],
    ["Left", eta.basis === "DONE" ? "-" : `${eta.value} s (${eta.basis})`],
    ["Attempt", String(report.attempt)],
    ["Created by", report.createdBy],
    ["Started", report.startedAt === 0 ? "-" : new Date(report.startedAt).toISOString()],
    ["Ended", report.completedAt === 0 ? "-" : new Date(report.completedAt).toISOString()],
    ["Comments", report.comments || "-"],
  ];
  for (const [name, value] of rows) output.line(`${`${name}:`.padEnd(12)} ${value}`);
}
