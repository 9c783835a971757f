import type { JobReport } from "./job-report.js";

/** A job as its events tell it. They leave out what never changes and may be long: the list of excluded paths. */
export function eventReportOf({ excludedPaths, excludedPathsCount, ...report }: JobReport): JobReport {
  const count = excludedPathsCount ?? excludedPaths?.length;
  return count === undefined ? report : { ...report, excludedPathsCount: count };
}

/**
 * An event of a watched job. `id` is a position in the stream: passing it as `after` yields exactly the events that
 * follow, none twice and none missing.
 */
export type JobEvent =
  /** The status has changed, or another field that people wait for: attempt, pausing or counting. */
  | { readonly id: string; readonly kind: "status"; readonly report: JobReport }
  /** Counters have changed. At most one a second; a later one includes all that an earlier one said. */
  | { readonly id: string; readonly kind: "progress"; readonly report: JobReport }
  | { readonly id: string; readonly kind: "log"; readonly line: number; readonly text: string };
