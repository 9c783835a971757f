import type { JobReport } from "./job-report.js";

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
