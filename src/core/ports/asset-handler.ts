import type { Asset } from "../asset/asset.js";
import type { AssetFailure, RetryableError, SkipAsset } from "../errors.js";
import type { HandlerResult } from "../asset/handler-result.js";

/** Writes lines to the job's log and to the host's. */
export interface HandlerLogger {
  debug(message: string): void;
  info(message: string): void;
  warn(message: string): void;
  error(message: string): void;
}

/**
 * Reads assets other than the current one. The answers become part of the asset's stamp: if one of them would differ, the
 * asset counts as changed.
 */
export interface RepositoryReader {
  exists(path: string): Promise<boolean>;
  /**
   * Returns the path of an asset or folder that differs from a missing path only in case or Unicode form (NFC, NFD);
   * undefined if there is none. A hint for messages: folders with very many names are searched in part.
   */
  similar(path: string): Promise<string | undefined>;
  bytes(path: string): Promise<Uint8Array>;
  /** Decoded like `HandlerContext.text`. */
  text(path: string): Promise<string>;
}

/** What a handler gets along with the asset. Valid until its `process` ends. */
export interface HandlerContext {
  readonly jobId: string;
  /** The job's type, e.g. `ASSET_PROCESSING`. */
  readonly type: string;
  /** 1 for the first try; one more after each RetryableError. */
  readonly attempt: number;
  /** Aborted when the job is cancelled or paused, the lease is lost, or the deadline passes. */
  readonly signal: AbortSignal;
  /** Time limit for this asset, in milliseconds from the start of `process`. */
  readonly deadlineMs: number;
  readonly logger: HandlerLogger;
  readonly repository: RepositoryReader;
  readonly parameters: Readonly<Record<string, unknown>>;
  /**
   * The asset's whole content. READ_FAILED above 64 MiB. Content up to 1 MiB is read only once, however many handlers
   * ask.
   */
  bytes(): Promise<Uint8Array>;
  /**
   * The asset's content decoded as it says: by its byte order mark, XML declaration, HTML `meta` or CSS `@charset`,
   * else as UTF-8. No byte is ever replaced: ENCODING_INVALID names the offset of a byte that the encoding does not
   * have, ENCODING_UNKNOWN an encoding that this Node.js does not know. A mark that contradicts a declaration wins; the
   * asset gets a warning.
   */
  text(): Promise<string>;
  /** The asset's content in pieces, for content that may be large. */
  stream(): AsyncIterable<Uint8Array>;
  /** Makes an error to throw, `throw context.skip("why")`, so that a module need not import this package. */
  skip(reason: string): SkipAsset;
  fail(code: string, message: string): AssetFailure;
  retry(message: string): RetryableError;
}

/**
 * A plugin's work on one asset. It is called at least once per asset and job, and never again once the asset's outcome
 * is committed. Assetmill writes what it returns, so that results appear once and completely.
 */
export interface AssetHandler {
  /** Must be unique and must not change: outcomes and stamps refer to it. */
  readonly name: string;
  /** Change it to have assets that were already processed count as changed. */
  readonly version: string;
  /** Job types that it handles. @defaultValue `["ASSET_PROCESSING"]` */
  readonly types?: readonly string[];
  /**
   * Whether to run `process` in worker threads, one asset at a time in each: for all assets, or for those whose content is
   * larger than `overBytes`. Use it for CPU-bound work. Each thread loads the handler's module itself, so the module must be
   * given by location (`--plugin FILE`, or a URL in `plugins`). `accepts` still runs in the main thread. @defaultValue false
   */
  readonly thread?: boolean | LargeInThreads;
  /**
   * Whether its results are stored with the asset. If false, an asset that only this handler processed gets no results,
   * not even a stamp; for handlers whose work ends up elsewhere. @defaultValue true
   */
  readonly writes?: boolean;
  /** Returns whether to process the asset. @defaultValue every asset is accepted */
  accepts?(asset: Asset): boolean;
  /**
   * Returns, or promises, what to write. Throw RetryableError to have it tried again, SkipAsset to skip the asset,
   * AssetFailure to fail it with a code. Any other error fails it, too.
   */
  process(asset: Asset, context: HandlerContext): HandlerReturn | Promise<HandlerReturn>;
}

/** Has only large assets processed in threads: one at a time costs more there than it saves where assets are small. */
export interface LargeInThreads {
  /** Assets with more bytes of content are processed in a thread, others in the main thread. */
  readonly overBytes: number;
  /**
   * Whether the others may be processed in threads, too: in whole batches, once a job has many of them.
   * @defaultValue false
   */
  readonly batches?: boolean;
}

/** Returns whether an asset of this size is processed in a thread, where there are threads. */
export const runsInThread = ({ thread }: AssetHandler, sizeBytes: number): boolean =>
  typeof thread === "object" ? sizeBytes > thread.overBytes : thread === true;

/** Returns whether small assets may be processed in threads in whole batches. */
export const runsInBatches = ({ thread }: AssetHandler): boolean =>
  typeof thread === "object" ? thread.batches === true : thread === true;

/** A result, or nothing: then only the stamp is written. */
export type HandlerReturn = HandlerResult | undefined | void;

export const DEFAULT_JOB_TYPE = "ASSET_PROCESSING";

/** Returns the job types that a handler works for. */
export const typesOf = (handler: AssetHandler): readonly string[] => handler.types ?? [DEFAULT_JOB_TYPE];
