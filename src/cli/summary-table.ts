import Table from "cli-table3";
import { FILE_TYPES } from "../core/asset/file-type.js";
import type { JobReport } from "../core/job/job-report.js";
import type { JobSummary } from "../core/ports/job-operator.js";
import type { TypeTally } from "../core/job/tally.js";

const row = (name: string, tally: TypeTally): (string | number)[] => [
  name,
  tally.total,
  tally.succeeded,
  tally.failed,
  tally.skipped,
];

/** Renders how a job ended: a row per file type, the total, then skip reasons and the time it took. */
export function summaryTable(report: JobReport, summary: JobSummary): string {
  const table = new Table({
    head: ["File type", "Total", "Succeeded", "Failed", "Skipped"],
    colAligns: ["left", "right", "right", "right", "right"],
    style: { head: [], border: [], compact: true },
  });
  for (const type of FILE_TYPES) {
    const tally = summary.types[type];
    if (tally) table.push(row(type, tally));
  }
  table.push(row("All", summary.total));
  const skips = Object.entries(summary.skips).map(([code, count]) => `${count} ${code}`);
  const seconds = ((report.completedAt || Date.now()) - report.startedAt) / 1000;
  return [
    table.toString(),
    ...(skips.length > 0 ? [`Skipped: ${skips.join(", ")}`] : []),
    ...(report.warningCount > 0 ? [`Warnings: ${report.warningCount}`] : []),
    ...(report.startedAt > 0 ? [`Time: ${seconds.toFixed(1)} s`] : []),
    `${report.status}: ${report.comments || report.processingId}`,
  ].join("\n");
}
