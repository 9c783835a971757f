/** Which ended jobs are kept: those that are neither too old nor too many. */
export interface RetentionRule {
  /** Kept for so long after their end. @defaultValue for ever */
  readonly maxAgeMs?: number;
  /** So many are kept, the newest created. @defaultValue all */
  readonly maxJobs?: number;
}

/** What one step did. */
export interface RetentionStep {
  /** Jobs that are gone with all they had. */
  readonly deleted: number;
  /** True where there may be more to delete. */
  readonly more: boolean;
}

/** Deletes old jobs. */
export interface JobRetention {
  /**
   * One small transaction, so that nobody waits long for it. Only jobs that have ended, and that no job that is still
   * there was restarted from or takes its failures from; listings and dry runs, too. From its first step on a job is not
   * found any more, nor by its idempotency key, which is free again then; so nobody ever sees a part of one. A step that
   * was interrupted is gone on with, on any node.
   */
  step(rule: RetentionRule): Promise<RetentionStep>;
}
