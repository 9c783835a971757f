import type { Asset } from "../asset/asset.js";
import type { AssetFailure, RetryableError, SkipAsset } from "../errors.js";
import type { HandlerResult } from "../asset/handler-result.js";

/** A line in the job's log, and in the host's. */
export interface HandlerLogger {
  debug(message: string): void;
  info(message: string): void;
  warn(message: string): void;
  error(message: string): void;
}

/** Reads other assets than the one at hand. */
export interface RepositoryReader {
  exists(path: string): Promise<boolean>;
  bytes(path: string): Promise<Uint8Array>;
  text(path: string): Promise<string>;
}

/** What a handler is given beside the asset. Valid until its `process` ends. */
export interface HandlerContext {
  readonly jobId: string;
  /** The job's type, e.g. `ASSET_PROCESSING`. */
  readonly type: string;
  /** 1 at the first try, counting up with each RetryableError. */
  readonly attempt: number;
  /** Aborted at cancel, pause, a lost lease, and the deadline. */
  readonly signal: AbortSignal;
  /** How long this asset may take, in milliseconds from the start of `process`. */
  readonly deadlineMs: number;
  readonly logger: HandlerLogger;
  readonly repository: RepositoryReader;
  readonly parameters: Readonly<Record<string, unknown>>;
  /** This asset's content, whole; READ_FAILED above 64 MiB. Read once, however many handlers ask. */
  bytes(): Promise<Uint8Array>;
  /** This asset's content as UTF-8 (or UTF-16 where a byte order mark says so). */
  text(): Promise<string>;
  /** This asset's content, in pieces; for what may be large. */
  stream(): AsyncIterable<Uint8Array>;
  /** `throw context.skip("why")`: the errors of this package, for a module that imports nothing. */
  skip(reason: string): SkipAsset;
  fail(code: string, message: string): AssetFailure;
  retry(message: string): RetryableError;
}

/**
 * A plugin's work on one asset. Called at least once per asset and job; never again once the asset's outcome is
 * committed. What it returns is written by assetmill, so that it appears once and whole.
 */
export interface AssetHandler {
  /** Stable and unique; stands in outcomes and stamps. */
  readonly name: string;
  /** Change it, and assets that were done count as changed. */
  readonly version: string;
  /** Job types it works for. @defaultValue `["ASSET_PROCESSING"]` */
  readonly types?: readonly string[];
  /**
   * True to run `process` in a worker thread, one asset after the other in each: for work that needs the processor. The
   * handler's module is loaded there anew, so it has to be known (`--plugin FILE`, or a URL in `plugins`); `accepts` runs
   * in the main thread. @defaultValue false
   */
  readonly thread?: boolean;
  /**
   * False: nothing is written about an asset that it alone worked on, not even a stamp, for its work leads elsewhere.
   * @defaultValue true
   */
  readonly writes?: boolean;
  /** @defaultValue every asset */
  accepts?(asset: Asset): boolean;
  /** Returns (or promises) what to write. Throws RetryableError, SkipAsset, AssetFailure, or anything: FAILED. */
  process(asset: Asset, context: HandlerContext): HandlerReturn | Promise<HandlerReturn>;
}

/** A result, or nothing at all: then nothing is written but the stamp. */
export type HandlerReturn = HandlerResult | undefined | void;

export const DEFAULT_JOB_TYPE = "ASSET_PROCESSING";

/** Copies assets to the target that the operator names; there is no such type without one. */
export const MIGRATION_TYPE = "JCR_TO_DB_MIGRATION";

/** The job types a handler works for. */
export const typesOf = (handler: AssetHandler): readonly string[] => handler.types ?? [DEFAULT_JOB_TYPE];
