import type { Scope } from "../asset/scope.js";
import type { KeyedJob } from "../job/job-key.js";
import type { Job, JobDraft } from "../job/job.js";
import type { JobChange, JobFacts } from "../job/job-transitions.js";
import type { JobStatus } from "../job/lifecycle.js";
import type { ListedJob } from "../job/listed-job.js";

/**
 * The other jobs of the store, to be asked while a job is being created or changed, under the lock that every create and
 * resume shares. What an answer costs does not depend on how many jobs there are.
 */
export interface OtherJobs {
  /**
   * Returns the oldest job of the same repository and type that holds a scope overlapping this one; undefined if none
   * does. `createdAfter`: only jobs created after this position count.
   */
  oldestRival(scope: Scope, createdAfter?: number): Promise<Job | undefined>;
  /** Returns how many jobs of the whole store are active, whatever their repository and type; counts up to `most`. */
  active(most: number): Promise<number>;
}

/** A job as seen by the transaction that holds its row's lock. */
export interface JobView {
  readonly job: Job;
  readonly facts: JobFacts;
  readonly others: OtherJobs;
}

export interface JobQuery {
  readonly limit: number;
  /** Selects only jobs created before this position. */
  readonly beforeSequence?: number;
  readonly statuses?: readonly JobStatus[];
  readonly repository?: string;
  readonly ids?: readonly string[];
  readonly type?: string;
  /** Excludes these types. */
  readonly typesNot?: readonly string[];
  /** Selects jobs with a path at or below this one. */
  readonly path?: string;
  readonly createdBy?: string;
  /** Selects only jobs that hold their scope while active: no dry runs, no listings. */
  readonly holding?: boolean;
}

/** Jobs of a list, and whether others follow. */
export interface JobPage {
  readonly jobs: readonly ListedJob[];
  readonly more: boolean;
}

/** Stores jobs. All timestamps come from the database's clock. */
export interface JobStore {
  /**
   * Inserts a WAITING job; it is durable once this resolves. Calls `admit` under a lock shared by every create and
   * resume; it rejects to refuse the job. If the draft's idempotency key is known, inserts nothing: returns the key's job
   * if the fingerprint is the same, else throws IDEMPOTENCY_CONFLICT. Throws JOB_NOT_FOUND if the job it was restarted
   * from no longer exists. The job's pace knows what the last ended job with its cost key left behind (`costsLeftBy`).
   */
  create(draft: JobDraft, admit: (others: OtherJobs) => Promise<void>): Promise<Job>;

  /** Returns what the principal's idempotency key stands for; undefined if it is free. */
  byKey(principal: string, key: string): Promise<KeyedJob | undefined>;

  get(id: string): Promise<Job | undefined>;

  /**
   * Returns jobs, the most recently created first. The page ends at its limit, or earlier where the next job would take it
   * beyond JOB_PAGE_BYTES, but has at least one job if there is any. Never reads more into memory than about that, however
   * large the requests are.
   */
  list(query: JobQuery): Promise<JobPage>;

  /** Returns those of these jobs whose handlers are being told to stop (`isStopping`). Called often: reads no requests. */
  stopping(ids: readonly string[]): Promise<readonly string[]>;

  /**
   * Returns those of these jobs that nobody works on: no lease of theirs is valid by the database's clock. Each with the
   * time until which the last one was valid, in epoch milliseconds. A job whose last chunk has just ended is left out
   * for as long as that chunk's lease would have been valid. Leaves out unknown jobs, and jobs that never had a lease.
   */
  unattended(ids: readonly string[]): Promise<ReadonlyMap<string, number>>;

  /** Returns the database's time, by which everything stored is dated; epoch milliseconds. */
  now(): Promise<number>;

  /**
   * Changes a job in one transaction that holds its row's lock. `decide` gets the job and facts read under that lock;
   * the change it returns is stored, log lines included. If it throws, nothing changes. JOB_NOT_FOUND if the id is
   * unknown.
   */
  update(id: string, decide: (view: JobView) => JobChange | Promise<JobChange>): Promise<Job>;
}
