import type { Asset } from "../asset/asset.js";
import type { HandlerLogger, HandlerReturn } from "./asset-handler.js";
import type { AssetRepository } from "./asset-repository.js";

/** One handler's work on one asset, to be done outside of the main thread. */
export interface ThreadWork {
  readonly handler: string;
  readonly asset: Asset;
  readonly jobId: string;
  readonly type: string;
  readonly attempt: number;
  /** Counted from the moment at which the handler starts: waiting for a thread is nobody's fault. */
  readonly deadlineMs: number;
  readonly maxContentBytes: number;
  readonly signal: AbortSignal;
  /** What the deadline's passing is to be blamed on, where that is the repository. @defaultValue never */
  readonly silence?: () => Error | undefined;
  readonly logger: HandlerLogger;
  readonly repository: Pick<AssetRepository, "read" | "stat">;
  /** A plain file that holds the content: the thread reads it itself. */
  readonly file?: string;
  /** The content, where it is here already. */
  readonly bytes?: Uint8Array;
}

/** How a handler ended that threw nothing. */
export interface ThreadEnd {
  readonly returned: HandlerReturn;
  /** Of what it read; null where two readings were not the same, undefined where it read nothing to its end. */
  readonly contentHash: string | null | undefined;
  /** From the handler's start to its end. */
  readonly busyMs: number;
}

/** Deaths of its thread after which an asset is given up, as FAILED POISON. */
export const MAX_THREAD_DEATHS = 3;

/**
 * Runs handlers that have `thread: true`. Many assets cross at a time; in a thread one runs after the other, so it is
 * always known which one it was that ended its thread, and no other is blamed or run twice.
 */
export interface HandlerThreads {
  /** So many assets, waiting and running together, keep every thread busy. */
  readonly capacity: number;

  /**
   * Rejects with what the handler threw, and with an AssetFailure where the thread had to be ended: `DEADLINE` once the
   * handler ran too long, `POISON` where it ended its thread three times (by exit, memory or a native fault). Rejects
   * with the signal's reason where the work was told to stop: at once where it has not started, else once the handler
   * has ended, or its thread was ended because the handler did not heed its signal. UNAVAILABLE where no thread lives, or
   * the deadline passed while the repository was silent.
   */
  run(work: ThreadWork): Promise<ThreadEnd>;

  /** Ends every thread, whatever runs. */
  close(): Promise<void>;
}
