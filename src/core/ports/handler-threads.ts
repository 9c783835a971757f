import type { Asset } from "../asset/asset.js";
import type { OtherAssets } from "../asset/stamp.js";
import type { HandlerLogger, HandlerReturn } from "./asset-handler.js";
import type { AssetRepository, ReadableAssets } from "./asset-repository.js";

/** One try of one handler on one asset, to run in a worker thread. */
export interface ThreadWork {
  readonly handler: string;
  readonly asset: Asset;
  readonly jobId: string;
  readonly type: string;
  readonly attempt: number;
  /** Counted from the handler's start: time spent waiting for a thread is not included. */
  readonly deadlineMs: number;
  readonly maxContentBytes: number;
  readonly signal: AbortSignal;
  /** Returns an error if the repository is silent, and so to blame for a passed deadline. @defaultValue never */
  readonly silence?: () => Error | undefined;
  readonly logger: HandlerLogger;
  readonly repository: ReadableAssets & Pick<AssetRepository, "inThread">;
  /** A plain file that holds the content, for the thread to read itself. */
  readonly file?: string;
  /** The content, if it was already read. */
  readonly bytes?: Uint8Array;
  /** Larger content is not read as a whole: LargerThanListed is thrown. @defaultValue no limit but `maxContentBytes` */
  readonly mostBytes?: number;
}

/** How a handler's run ended, if it did not throw. */
export interface ThreadEnd {
  readonly returned: HandlerReturn;
  /** Hash of the content it read; null if two reads differed or none was complete, undefined if it read nothing. */
  readonly contentHash: string | null | undefined;
  /** What decoding the content as text warned about. */
  readonly textWarning?: string | undefined;
  /** What it learned about other assets. */
  readonly others: OtherAssets;
  /** From the handler's start to its end. */
  readonly busyMs: number;
}

/** Number of threads an asset may kill before it is FAILED with POISON. */
export const MAX_THREAD_DEATHS = 3;

/**
 * Runs handlers that have `thread`. Assets are sent to a thread in batches but run there one at a time. So it is
 * always known which asset killed its thread, and no other asset is blamed or run twice.
 */
export interface HandlerThreads {
  /** Number of assets, waiting and running, that keeps every thread busy. */
  readonly capacity: number;

  /**
   * Runs the work. Rejects with what the handler threw, or with:
   * - AssetFailure `DEADLINE`, if the handler ran too long and its thread was ended;
   * - AssetFailure `POISON`, if the asset killed its thread three times (by exit, memory or a native crash);
   * - the signal's reason, if `signal` is aborted: at once if the work has not started, else when the handler has
   *   ended, or when its thread was ended because it ignored the signal;
   * - `UNAVAILABLE`, if no thread is alive, or the deadline passed while the repository was silent.
   */
  run(work: ThreadWork): Promise<ThreadEnd>;

  /** Present if it takes whole batches of small assets, for less than `run` takes for each of them. */
  readonly batches?: BatchThreads;

  /** Ends every thread, including those at work. */
  close(): Promise<void>;
}

/** Takes small assets in whole batches. What `HandlerThreads` guarantees for an asset holds for each one of a batch. */
export interface BatchThreads {
  /** Number of batches, waiting and running, that keeps every thread busy. */
  readonly capacity: number;
  /** Number of assets to hand over together now: about what a thread does in 50 ms, by what assets took so far. */
  readonly size: number;
  /** Whether a thread has loaded its handlers, so that a batch starts at once. */
  readonly isWarm: boolean;
  /** Starts the threads. Resolves when one of them has loaded its handlers; rejects if it cannot. */
  warm(): Promise<void>;
  /**
   * Runs the works of one batch, all with the same signal. Calls `onEnd` once for each of them, in any order and some at
   * a time, with what `run` would resolve to or reject with. Never throws.
   */
  run(works: readonly ThreadWork[], onEnd: (index: number, end: ThreadEnd | ThreadFailure) => void): void;
}

/** What `HandlerThreads.run` would reject with. */
export interface ThreadFailure {
  readonly error: unknown;
}
