import { AssetmillError } from "../core/errors.js";
import type { ManifestEntry } from "../core/job/chunk.js";
import type { Job } from "../core/job/job.js";
import { holdsScope } from "../core/job/job-request.js";
import { checkChange, type JobChange, type JobFacts } from "../core/job/job-transitions.js";
import { isFinal } from "../core/job/lifecycle.js";
import type { LeaseState } from "../core/job/lease.js";
import { type LeaseRecord, NO_DEATHS } from "../core/job/lease-rules.js";
import { formatLine } from "../core/job/log-entry.js";
import type { ReportedOutcome } from "../core/asset/outcome.js";
import type { KeyedJob } from "../core/job/job-key.js";
import type { Transaction } from "../core/ports/transaction.js";

/** A lease's record, changed in place. If LEASED, it belongs until `untilMs` to whoever commits under `epoch`. */
export interface MemoryLease extends Mutable<LeaseRecord> {
  owner: string | undefined;
  untilMs: number;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

export const newLease = (chunk: number, state: LeaseState = "READY"): MemoryLease => ({
  chunk,
  state,
  epoch: 0,
  part: 0,
  ...NO_DEATHS,
  triggerable: 0,
  owner: undefined,
  untilMs: 0,
});

export interface MemoryDiscovery extends MemoryLease {
  cursor: string | undefined;
  nextChunk: number;
}

export interface MemoryChunk extends MemoryLease {
  readonly entries: readonly ManifestEntry[];
  /** By index. Outcomes decided by skip rules are there from the start. */
  readonly outcomes: (ReportedOutcome | undefined)[];
}

export interface MemoryJob {
  job: Job;
  readonly lines: string[];
  readonly discovery: MemoryDiscovery;
  /** In path order. */
  readonly chunks: MemoryChunk[];
  /** The draft's, or that of the job it was restarted from. */
  readonly costKey?: string;
}

interface MemoryState {
  /** By id, in the order of creation. */
  readonly jobs: Map<string, MemoryJob>;
  /** By principal and key. */
  readonly keys: Map<string, KeyedJob>;
}

/** The state as changed by a transaction. Nobody else sees it before the commit. */
export interface MemoryTransaction extends Transaction {
  readonly state: MemoryState;
  /** The database's time when the transaction began. */
  readonly nowMs: number;
  /** Runs an action at the commit; not if the transaction is rolled back. */
  onCommit(action: () => Promise<void>): void;
}

export const memoryTransaction = (tx: Transaction): MemoryTransaction => tx as MemoryTransaction;

/**
 * A database in memory. Transactions run one after the other, each on a copy that replaces the state at the commit.
 * Objects read earlier do not change.
 */
export class MemoryDatabase {
  readonly #nowMs: () => number;
  #state: MemoryState = { jobs: new Map(), keys: new Map() };
  #last: Promise<unknown> = Promise.resolve();

  constructor(nowMs: () => number = Date.now) {
    this.#nowMs = nowMs;
  }

  /** The committed state. */
  get state(): MemoryState {
    return this.#state;
  }

  /** The database's time. */
  get nowMs(): number {
    return this.#nowMs();
  }

  /** Runs `work` in a transaction. Rolls back if it throws. */
  write<T>(work: (tx: MemoryTransaction) => T | Promise<T>): Promise<T> {
    const turn = this.#last.then(async () => {
      const state = structuredClone(this.#state);
      const actions: (() => Promise<void>)[] = [];
      const onCommit = (action: () => Promise<void>): void => void actions.push(action);
      const answer = structuredClone(await work({ state, nowMs: this.#nowMs(), onCommit } as MemoryTransaction));
      for (const action of actions) await action();
      this.#state = state;
      return answer;
    });
    this.#last = turn.catch(() => {});
    return turn;
  }
}

/** Returns the job's record, locked until the transaction ends. */
export function holdJob(tx: MemoryTransaction, id: string): MemoryJob {
  const held = tx.state.jobs.get(id);
  if (held) return held;
  throw new AssetmillError("JOB_NOT_FOUND", `there is no job ${id.slice(0, 100)}`, { ids: { jobId: id } });
}

export const factsOf = (tx: MemoryTransaction, { discovery, chunks }: MemoryJob): JobFacts => ({
  leased: [discovery, ...chunks].some(({ state }) => state === "LEASED"),
  nowMs: tx.nowMs,
});

/** Returns other jobs of the same repository and type that hold their scope, oldest first. */
export const rivalsOf = (tx: MemoryTransaction, repository: string, type: string, except?: string): readonly Job[] =>
  [...tx.state.jobs.values()]
    .map(({ job }) => job)
    .filter((job) => job.repository === repository && job.request.type === type && job.id !== except)
    .filter((job) => holdsScope(job.request) && !isFinal(job.state.status));

/**
 * Stores a transition's change, log lines included. Returns the stored job. Refuses what the lifecycle does not allow.
 */
export function storeChange(tx: MemoryTransaction, held: MemoryJob, change: JobChange): Job {
  checkChange(held.job, change);
  const { job, lines } = change;
  for (const line of lines) held.lines.push(formatLine(line, job.request.type, tx.nowMs));
  held.job = { ...job, logLines: held.lines.length };
  return held.job;
}
