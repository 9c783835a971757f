import type { Lease } from "../job/lease.js";
import type { ChunkClaim, ChunkPart, DiscoveryClaim, DiscoveryPage } from "../job/chunk.js";
import type { Job } from "../job/job.js";
import type { EnlistedWriter } from "./asset-repository.js";

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
  /**
   * True where this process holds no lease at all: only then it may be given a chunk whose owners died twice in a row,
   * and that one alone, before all others.
   */
  readonly alone?: boolean;
  /**
   * Leases that this worker still holds, as far as it knows. Those are not given to it anew, run out or not: what ended
   * under them may still be on its way into a commit.
   */
  readonly holding?: readonly Lease[];
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

/**
 * Discovery, chunks and their leases. Every change names chunk and epoch, never the owner alone, and stores nothing
 * where the epoch moved on. Every instant comes from the database's clock; no read is longer than a page.
 */
export interface ChunkStore {
  /**
   * Takes what is READY or whose lease has expired, by priority, then creation, then path order; raises the epoch. What
   * the asker is still `holding` itself is for others only.
   * The job's row is locked and its state looked at again in that transaction: WAITING becomes PROCESSING there.
   * Taking an expired lease counts a death of its chunk, charges the asset that was announced, and clears that. From two
   * deaths in a row on, and while an asset is charged, a chunk is `careful`: who is not alone makes it READY instead. A
   * job one of whose chunks died ten times in a row gives up.
   */
  claim(request: ClaimRequest): Promise<readonly Claim[]>;

  /** Chunk rows, cursor and totals, all or none. Repeating a page whose answer was lost changes nothing: "committed". */
  addPage(lease: Lease, page: DiscoveryPage): Promise<CommitAnswer>;

  /**
   * Outcomes, counters, log lines, results and positions of all parts in one transaction. Fenced by epoch and part
   * number, so repeating a commit whose answer was lost, with exactly what the first try carried, doubles nothing.
   * `results` is handed the writes of the parts that were not lost.
   */
  commit(parts: readonly ChunkPart[], results?: EnlistedWriter): Promise<readonly CommitAnswer[]>;

  /**
   * Says which asset of a careful chunk starts next, fenced like a commit. It clears no deaths: only a part that
   * `advances` does, a release, and the end of the chunk.
   */
  announce(lease: Lease, index: number): Promise<"announced" | "lost">;

  /** True where a careful chunk that such a worker could take waits for one that is alone. */
  awaitsCare(request: ClaimRequest): Promise<boolean>;

  /** Extends the leases; answers those that were lost. */
  renew(leases: readonly Lease[], ttlMs: number): Promise<readonly Lease[]>;

  /** Gives leases back unfinished: READY again, deaths and charges forgotten. Those lost are passed over. */
  release(leases: readonly Lease[]): Promise<void>;

  /** In stopping jobs, takes expired leases back (READY, epoch + 1, a death as at a claim); ends what is drained or finished. */
  reap(isKnownDead: (owner: string) => boolean): Promise<void>;
}
