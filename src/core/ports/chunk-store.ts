import type { ChunkClaim, ChunkPart, DiscoveryClaim, DiscoveryPage, Lease } from "../chunk.js";
import type { Job } from "../job.js";
import type { AssetWrite } from "./asset-repository.js";
import type { Transaction } from "./transaction.js";

/** Whose jobs a worker may take, and how much. */
export interface ClaimRequest {
  readonly owner: string;
  readonly ttlMs: number;
  readonly repository: string;
  /** Handlers that this node has; a job with another one is left alone. */
  readonly handlers: readonly string[];
  /** At most so many chunks, over all jobs. */
  readonly chunks: number;
  /** At most so many discoveries. */
  readonly discoveries: number;
  /** Only this job. */
  readonly jobId?: string;
  /** Leases of such owners are not waited for. */
  readonly isKnownDead: (owner: string) => boolean;
}

export interface Claim {
  readonly job: Job;
  readonly discovery?: DiscoveryClaim;
  readonly chunks: readonly ChunkClaim[];
}

/** A part's fate, and the job as the transaction left it. */
export interface CommitAnswer {
  /** "lost": the epoch moved on; nothing of this part was stored, the other parts were. */
  readonly end: "committed" | "lost";
  readonly job: Job;
}

/** Writes results inside the commit; only those of parts that were not lost. */
export type CommitResults = (tx: Transaction, writes: readonly AssetWrite[]) => Promise<void>;

/**
 * Discovery, chunks and their leases. Every change names chunk and epoch, never the owner alone, and stores nothing
 * where the epoch moved on. Every instant comes from the database's clock; no read is longer than a page.
 */
export interface ChunkStore {
  /**
   * Takes what is READY or whose lease has expired, by priority, then creation, then path order; raises the epoch.
   * The job's row is locked and its state looked at again in that transaction: WAITING becomes PROCESSING there.
   */
  claim(request: ClaimRequest): Promise<readonly Claim[]>;

  /** Chunk rows, cursor and totals, all or none. Repeating a page whose answer was lost changes nothing: "committed". */
  addPage(lease: Lease, page: DiscoveryPage): Promise<CommitAnswer>;

  /**
   * Outcomes, counters, log lines, results and positions of all parts in one transaction. Fenced by epoch and part
   * number, so repeating a commit whose answer was lost, with exactly what the first try carried, doubles nothing.
   */
  commit(parts: readonly ChunkPart[], results?: CommitResults): Promise<readonly CommitAnswer[]>;

  /** Extends the leases; answers those that were lost. */
  renew(leases: readonly Lease[], ttlMs: number): Promise<readonly Lease[]>;

  /** Gives leases back unfinished: READY again. Those lost are passed over. */
  release(leases: readonly Lease[]): Promise<void>;

  /** In stopping jobs, takes expired leases back (READY, epoch + 1); ends what is drained or finished. */
  reap(isKnownDead: (owner: string) => boolean): Promise<void>;
}
