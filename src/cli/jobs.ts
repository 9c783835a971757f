import type { JobControl } from "../core/ports/job-operator.js";

/** What the commands ask of jobs, wherever these are. */
export type Jobs = Omit<JobControl, "summary" | "events">;
