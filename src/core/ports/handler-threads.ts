import type { Asset } from "../asset/asset.js";
import type { OtherAssets } from "../asset/stamp.js";
import type { HandlerLogger, HandlerReturn } from "./asset-handler.js";
import type { ReadableAssets } from "./asset-repository.js";

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
  readonly repository: ReadableAssets;
  /** A plain file that holds the content, for the thread to read itself. */
  readonly file?: string;
  /** The content, if it was already read. */
  readonly bytes?: Uint8Array;
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

  /** Ends every thread, including those at work. */
  close(): Promise<void>;
}
