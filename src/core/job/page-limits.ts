/** Size of a page of a list: the default and the maximum. */
export interface PageLimit {
  readonly default: number;
  readonly most: number;
}

/** Jobs in a page of the history. */
export const HISTORY_PAGE: PageLimit = Object.freeze({ default: 20, most: 1_000 });
/**
 * Most bytes of a page of jobs, as the store counts them: about what the jobs are as JSON. A page of 1,000 jobs with short
 * requests stays below it.
 */
export const JOB_PAGE_BYTES = 4 * 1024 * 1024;
/** Lines in a page of a log. */
export const LOG_PAGE: PageLimit = Object.freeze({ default: 500, most: 10_000 });
/** Assets in a page of outcomes, failures or statuses. */
export const OUTCOME_PAGE: PageLimit = Object.freeze({ default: 500, most: 10_000 });
