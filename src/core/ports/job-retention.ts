/** Which ended jobs to keep: those that meet both limits. */
export interface RetentionRule {
  /** How long after its end a job is kept. @defaultValue for ever */
  readonly maxAgeMs?: number;
  /** How many jobs are kept, the most recently created. @defaultValue all */
  readonly maxJobs?: number;
}

/** Result of one step. */
export interface RetentionStep {
  /** Number of jobs deleted completely. */
  readonly deleted: number;
  /** Whether there may be more to delete. */
  readonly more: boolean;
}

/** Deletes old jobs. */
export interface JobRetention {
  /**
   * Deletes some old jobs, or part of one, in one small transaction, so that nobody has to wait long for it. Deletes
   * only ended jobs, listings and dry runs included, and keeps a job while a job restarted from it, or retrying its
   * failures, is kept. From its first step on, a job can no longer be found, and its idempotency key is free again:
   * nobody ever sees a partly deleted job. Any node resumes an interrupted deletion.
   */
  step(rule: RetentionRule): Promise<RetentionStep>;
}
