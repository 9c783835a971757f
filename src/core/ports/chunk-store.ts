import type { Lease } from "../job/lease.js";
import type { ChunkClaim, ChunkPart, DiscoveryClaim, DiscoveryPage } from "../job/chunk.js";
import type { Job } from "../job/job.js";
import type { Claimant } from "../job/share.js";
import type { EnlistedWriter } from "./asset-repository.js";

/** Which jobs a worker may claim work of, and how much. */
export interface ClaimRequest {
  readonly owner: string;
  readonly ttlMs: number;
  readonly repository: string;
  /** Handlers that this node has. Jobs that need any other handler are not claimed. */
  readonly handlers: readonly string[];
  /** Maximum number of chunks, over all jobs. */
  readonly chunks: number;
  /** Maximum number of further chunks, one each, of jobs of which this worker is `holding` no chunk. @defaultValue 0 */
  readonly newcomers?: number;
  /** Maximum number of discoveries. */
  readonly discoveries: number;
  /**
   * Whether this process holds no lease at all. Only then may it get a careful chunk (one whose owners died twice in a
   * row), and then nothing else. Careful chunks go first. @defaultValue false
   */
  readonly alone?: boolean;
  /**
   * Leases that this worker believes to hold. They are not given to it again, even if they have expired: outcomes under
   * them may be about to be committed.
   */
  readonly holding?: readonly Lease[];
  /** Claims work of this job only. */
  readonly jobId?: string;
  /** Returns whether an owner is known to be dead; its leases count as expired. */
  readonly isKnownDead: (owner: string) => boolean;
}

/** The work that was claimed of one job. */
export interface Claim {
  readonly job: Job;
  readonly discovery?: DiscoveryClaim;
  readonly chunks: readonly ChunkClaim[];
}

/** Work that a worker could do, but that waits. */
export interface WaitingWork {
  /** Whether a careful chunk is READY: it needs a worker that is `alone`. */
  readonly care: boolean;
  /** Jobs with READY work of which nothing is LEASED by anyone, furthest behind their share first; at most 50. */
  readonly unserved: readonly Claimant[];
}

/** Whether a part was committed, and the job as it is after the transaction. */
export interface CommitAnswer {
  /** "lost": the epoch moved on, so nothing of this part was stored. Other parts are not affected. */
  readonly end: "committed" | "lost";
  readonly job: Job;
}

/**
 * Stores discovery, chunks and their leases. Every change names the chunk and the epoch, never just the owner, and
 * stores nothing if the epoch moved on. All timestamps come from the database's clock. No read returns more than a
 * page.
 */
export interface ChunkStore {
  /**
   * Claims work that is READY or whose lease has expired, in path order, and increments the epoch. Shares it out among
   * jobs by what each has LEASED over all nodes, how long it has waited, and its priority: see `shareOut`. Does not claim
   * leases that the caller is still `holding`.
   * In the same transaction, locks the job's row and checks the job's state again; WAITING becomes PROCESSING.
   * Taking over an expired lease counts one death of its owner, charges it to the announced asset and clears the
   * announcement. A chunk is `careful` after two deaths in a row and while an asset is charged; a worker that is not
   * `alone` makes such a chunk READY instead of claiming it. After ten deaths in a row on one chunk, the job gives up.
   */
  claim(request: ClaimRequest): Promise<readonly Claim[]>;

  /**
   * Stores a page's chunks, cursor and totals, all or nothing. Repeating a page whose answer was lost changes nothing
   * and returns "committed".
   */
  addPage(lease: Lease, page: DiscoveryPage): Promise<CommitAnswer>;

  /**
   * Stores outcomes, counters, log lines, results and positions of all parts in one transaction. It is fenced by epoch
   * and part number: if the answer was lost, repeat the commit with exactly the same parts, and nothing is stored
   * twice. `results` gets the writes of the parts that were not lost.
   */
  commit(parts: readonly ChunkPart[], results?: EnlistedWriter): Promise<readonly CommitAnswer[]>;

  /**
   * Records which asset of a careful chunk starts next, fenced like a commit. Does not reset the count of deaths: only
   * a part that `advances`, a release, or the end of the chunk does.
   */
  announce(lease: Lease, index: number): Promise<"announced" | "lost">;

  /** Returns what waits for a worker with this repository and these handlers, whatever amount it asks for. */
  waiting(request: ClaimRequest): Promise<WaitingWork>;

  /** Renews the leases. Returns those that were lost. */
  renew(leases: readonly Lease[], ttlMs: number): Promise<readonly Lease[]>;

  /** Releases unfinished leases: they become READY, their deaths and charges are cleared. Ignores lost leases. */
  release(leases: readonly Lease[]): Promise<void>;

  /**
   * Takes back the expired leases of stopping jobs: they become READY with epoch + 1, and a death is counted as in a
   * claim. Ends jobs that are drained or finished.
   */
  reap(isKnownDead: (owner: string) => boolean): Promise<void>;
}
