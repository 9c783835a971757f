import type { KeyedJob } from "../job/job-key.js";
import type { Job, JobDraft } from "../job/job.js";
import type { JobChange, JobFacts } from "../job/job-transitions.js";
import type { JobStatus } from "../job/lifecycle.js";

/** A job as a transaction sees it that holds its row. */
export interface JobView {
  readonly job: Job;
  readonly facts: JobFacts;
  /** Other jobs of its repository and type that hold their scope. */
  readonly rivals: readonly Job[];
}

export interface JobQuery {
  readonly limit: number;
  /** Only jobs created before this one. */
  readonly beforeSequence?: number;
  readonly statuses?: readonly JobStatus[];
  readonly repository?: string;
  readonly ids?: readonly string[];
  readonly type?: string;
  /** Not these types. */
  readonly typesNot?: readonly string[];
  /** Jobs of which a path is this one or lies below it. */
  readonly path?: string;
  readonly createdBy?: string;
  /** Only jobs that work on their scope: no dry runs, no listings. */
  readonly holding?: boolean;
}

/** The jobs. Every instant in them comes from the database's clock. */
export interface JobStore {
  /**
   * Inserts a WAITING job, durable before it resolves. Under one lock with every other create and resume, `admit` sees
   * the jobs that hold a scope in the same repository with the same type, and refuses by throwing.
   * Where the draft's idempotency key is known, nothing is inserted: the same fingerprint answers that job, another one
   * is an IDEMPOTENCY_CONFLICT. JOB_NOT_FOUND where the job that it follows (`restartedFrom`) is not there any more.
   */
  create(draft: JobDraft, admit: (rivals: readonly Job[]) => void): Promise<Job>;

  /** What the principal's key stands for by now. */
  byKey(principal: string, key: string): Promise<KeyedJob | undefined>;

  get(id: string): Promise<Job | undefined>;

  /** Newest created first. */
  list(query: JobQuery): Promise<readonly Job[]>;

  /**
   * One transaction that holds the job's row: `decide` sees it with facts read under that lock, and what it returns is
   * stored with its log lines. It may throw: then nothing changed. JOB_NOT_FOUND for an unknown id.
   */
  update(id: string, decide: (view: JobView) => JobChange): Promise<Job>;
}
