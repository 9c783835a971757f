import type { JobControl } from "../core/ports/job-operator.js";

/** The job operations that commands use, whether the jobs are in a store or on a server. */
export type Jobs = Omit<JobControl, "summary" | "events">;
