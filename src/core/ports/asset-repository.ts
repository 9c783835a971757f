import type { Asset } from "../asset/asset.js";
import type { AssetList } from "../asset/asset-list.js";
import type { AssetResult, AssetWrite, RefusedWrite } from "../asset/asset-result.js";
import type { Scope } from "../asset/scope.js";
import type { AssetSink } from "./asset-sink.js";
import type { ThreadReaderModule } from "./thread-reader-module.js";
import type { Transaction } from "./transaction.js";

/** What exists at a path. */
export type RepositoryNode =
  { readonly kind: "folder"; readonly path: string } | { readonly kind: "asset"; readonly asset: Asset };

/** Makes writes part of a transaction of the store. */
export type EnlistedWriter = (tx: Transaction, writes: readonly AssetWrite[]) => Promise<void>;

/** What handlers read from. */
export interface ReadableAssets extends Pick<AssetRepository, "read" | "stat"> {
  /** Returns what exists under a path that differs from this one only in case or Unicode form. @defaultValue nothing is found */
  similar?(path: string, signal?: AbortSignal): Promise<string | undefined>;
  /** Returns whether anything exists at a path, as `stat` does. @defaultValue `stat` is asked */
  exists?(path: string): boolean | Promise<boolean>;
  /** Returns small content, if it can be had at once. @defaultValue it is read as a stream */
  readNow?(path: string): Uint8Array | undefined;
}

export interface ScanOptions {
  /** Yields only assets that follow this path. */
  readonly after?: string;
  readonly pageSize: number;
  /** Aborting it ends the scan early, without an error. */
  readonly signal?: AbortSignal;
}

/** One page of a scan. */
export interface ScanPage {
  /**
   * In path order, at most `pageSize`; an array, or AssetColumns where a repository can make them for less. Empty if the
   * scan has met nothing in scope for a while.
   */
  readonly assets: AssetList;
  /** Everything in scope up to and including this path has been yielded: a scan that starts after it misses nothing. */
  readonly upTo: string;
  /** Number of hidden files and folders that the scan has left out since the last page. @defaultValue 0 */
  readonly hidden?: number;
}

export interface ForgetOptions {
  /** The `next` of an earlier page. */
  readonly after?: string;
  /** Maximum number of results to look at. */
  readonly limit: number;
  /** Leaves alone what this job wrote. */
  readonly exceptJob: string;
}

export interface ForgottenPage {
  /** Number of results that were removed. */
  readonly removed: number;
  /** Where the next page starts; undefined if all results in the scope were looked at. */
  readonly next?: string;
}

/**
 * Where assets live.
 *
 * Errors: `UNAVAILABLE` if the repository is unreachable as a whole (the caller waits and retries; no asset fails
 * because of it). `GONE`, `ACCESS_DENIED`, `READ_FAILED` and `WRITE_FAILED` concern one path.
 */
export interface AssetRepository {
  /** The repository's URI without credentials, with absolute, real file paths. Jobs are bound to it. */
  readonly identity: string;

  /**
   * Yields the scope's assets in path order, in pages of at most `pageSize`. Yields a page at least every fraction of a
   * second, empty if need be, so that progress through a large excluded part is not lost.
   * `after` may be any path that a scan ever yielded or reached, even if nothing exists there now: exactly the assets
   * that follow it in path order are yielded. Memory use does not grow with the tree. Ends early, without an error,
   * when `signal` is aborted.
   *
   * What cannot be read costs only itself: it is yielded as one asset that is `unreadable`, whatever the filter, and the
   * scan goes on. That may be a file, or a folder with all below it. Throws ACCESS_DENIED or READ_FAILED only if a root
   * of the scope, or the repository as a whole, cannot be read.
   */
  scan(scope: Scope, options: ScanOptions): AsyncIterable<ScanPage>;

  /**
   * Returns what exists at each path now, in the order given; undefined for a path where nothing exists, or nothing
   * readable. Here and below: when `signal` is aborted, the call may reject at once with the signal's reason.
   */
  stat(paths: readonly string[], signal?: AbortSignal): Promise<readonly (RepositoryNode | undefined)[]>;

  /**
   * Returns why `stat` finds nothing at a path although something is there, in words that follow the path or "it" ("is
   * hidden; …"); undefined if nothing is there, or nothing readable. For messages. Without it, they say that it does not exist.
   */
  whyAbsent?(path: string): Promise<string | undefined>;

  /**
   * Returns the names of the assets and folders directly in a folder, in any order, at most `most` of them; undefined if there is
   * no such folder, or none that is readable. For hints about missing assets, so a bounded effort: a folder with many names, or
   * many subfolders, may be listed in part. Without it, there are no such hints.
   */
  names?(folder: string, most: number, signal?: AbortSignal): Promise<readonly string[] | undefined>;

  /** Yields an asset's content in pieces. Throws before the first piece if it cannot be read. */
  read(path: string, signal?: AbortSignal): AsyncIterable<Uint8Array>;

  /**
   * Writes handlers' results and stamps in few round trips. Each asset's results are written completely or not at all;
   * repeating a write changes nothing. Returns the refused writes; all others are durable.
   * Throws UNAVAILABLE if it cannot tell which writes were done, and the signal's reason if `signal` is aborted; in
   * both cases any of them may have been done. Any other error concerns no single asset and fails the job. Workers
   * do not call it if `enlist` is present.
   */
  apply(writes: readonly AssetWrite[], signal?: AbortSignal): Promise<readonly RefusedWrite[]>;

  /**
   * Makes what results about the scope's assets need. Called before a job starts that writes some. Throws
   * INVALID_PARAMETER, in words that name the place, if results could not be stored there. Present only if the repository
   * can tell before it writes some.
   */
  prepare?(scope: Scope): Promise<void>;

  /**
   * Returns the file that holds the content, so that a thread can read it itself; never follows a link. Present only if
   * content is kept in plain files. Throws the same errors as `read`.
   */
  fileOf?(path: string): string;

  /**
   * How a worker thread reads the same assets by itself, without asking this process. Present only if it can. See
   * `ThreadReader`.
   */
  readonly inThread?: ThreadReaderModule;

  /** Returns what has been written about each path, in the order given. */
  results(paths: readonly string[], signal?: AbortSignal): Promise<readonly (AssetResult | undefined)[]>;

  /**
   * Looks at the next results stored about paths within a scope and removes those whose asset no longer exists. Ignores
   * the filter; leaves excluded paths alone. Removes a result only if it is certain that nothing is there: not one of an
   * asset that merely cannot be read, nor one that was written again meanwhile. Repeating it changes nothing.
   *
   * Present only if results outlive their assets, and the repository can tell what is gone.
   */
  readonly forgetGone?: (scope: Scope, options: ForgetOptions) => Promise<ForgottenPage>;

  /** Present only if results live in the JobStore's own database: results and outcomes are then committed together. */
  readonly enlist?: EnlistedWriter;

  /** Present only if the repository can take in new assets. */
  readonly sink?: AssetSink;

  close(): Promise<void>;
}
