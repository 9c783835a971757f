import Table from "cli-table3";
import { FILE_TYPES } from "../core/asset/file-type.js";
import type { DryRunReport, JobReport } from "../core/job/job-report.js";
import { shownPath } from "./shown-path.js";

/** Renders a dry run: a row per file type, the total, then what would be skipped, the first and last path, and the time. */
export function dryRunTable(report: JobReport): string {
  const { byType, skipped, first, last, expectedSeconds }: DryRunReport = report.report ?? NOTHING;
  const table = new Table({
    head: ["File type", "Assets"],
    colAligns: ["left", "right"],
    style: { head: [], border: [], compact: true },
  });
  for (const type of FILE_TYPES) {
    const count = byType[type];
    if (count !== undefined) table.push([type, count]);
  }
  table.push(["All", report.migrationSet.totalFiles]);
  const skips = Object.entries(skipped).map(([code, count]) => `${count} ${code}`);
  return [
    table.toString(),
    `Would skip: ${skips.length > 0 ? skips.join(", ") : "none"}`,
    `First: ${first === null ? "-" : shownPath(first)}`,
    `Last: ${last === null ? "-" : shownPath(last)}`,
    `Expected time: ${expectedSeconds === null ? "unknown" : `${expectedSeconds} s`}`,
    `${report.status}: ${report.comments || report.processingId}`,
  ].join("\n");
}

const NOTHING: DryRunReport = { byType: {}, skipped: {}, first: null, last: null, expectedSeconds: null };
