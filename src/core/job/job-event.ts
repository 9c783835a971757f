import type { JobReport } from "./job-report.js";

/**
 * What a watcher of a job is told. `id` is the place in the stream: whoever gives it back as `after` gets what follows,
 * nothing twice and nothing left out.
 */
export type JobEvent =
  /** The status, or another field that people wait for (attempt, pausing, counting), is not what it was. */
  | { readonly id: string; readonly kind: "status"; readonly report: JobReport }
  /** Counters moved; at most one a second. A later one says all that an earlier one did. */
  | { readonly id: string; readonly kind: "progress"; readonly report: JobReport }
  | { readonly id: string; readonly kind: "log"; readonly line: number; readonly text: string };
