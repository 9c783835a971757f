import type { Asset } from "../asset/asset.js";
import type { AssetResult, AssetWrite, RefusedWrite } from "../asset/asset-result.js";
import type { Scope } from "../asset/scope.js";
import type { AssetSink } from "./asset-sink.js";
import type { Transaction } from "./transaction.js";

/** What stands at a path. */
export type RepositoryNode =
  { readonly kind: "folder"; readonly path: string } | { readonly kind: "asset"; readonly asset: Asset };

/** Writes that became part of somebody else's transaction. */
export type EnlistedWriter = (tx: Transaction, writes: readonly AssetWrite[]) => Promise<void>;

/** How to scan. */
export interface ScanOptions {
  /** Yields only what follows this path. */
  readonly after?: string;
  readonly pageSize: number;
  /** Ends the scan early, without an error. */
  readonly signal?: AbortSignal;
}

/** A step of a scan. */
export interface ScanPage {
  /** In path order, at most `pageSize`; none where a while was spent on what the scope leaves out. */
  readonly assets: readonly Asset[];
  /** All of the scope up to this path, it included, was yielded: a scan that begins after it misses nothing. */
  readonly upTo: string;
}

/**
 * Where assets live.
 *
 * Errors: `UNAVAILABLE` where the repository cannot be reached at all (the caller waits and comes again; no asset is
 * blamed), `GONE`, `ACCESS_DENIED`, `READ_FAILED`, `WRITE_FAILED` about one path.
 */
export interface AssetRepository {
  /** Its URI without credentials, file paths absolute and real. Jobs are bound to it. */
  readonly identity: string;

  /**
   * The scope's assets in path order, in pages of at most `pageSize`; a page at the latest after a fraction of a second,
   * so that a walk through what the scope leaves out can be gone on with, too.
   * Restarts after any path it ever yielded or reached, even one that is gone by now: exactly the greater ones follow.
   * Memory does not grow with the tree. Ends early, without an error, once `signal` is aborted.
   */
  scan(scope: Scope, options: ScanOptions): AsyncIterable<ScanPage>;

  /**
   * What stands at each path now, in the order asked; undefined where nothing does, or nothing readable. Here and below,
   * where `signal` is aborted, whoever asked does not want to wait: it may fail with the reason, at once.
   */
  stat(paths: readonly string[], signal?: AbortSignal): Promise<readonly (RepositoryNode | undefined)[]>;

  /** An asset's content, in pieces. Fails at the first piece where it cannot be read. */
  read(path: string, signal?: AbortSignal): AsyncIterable<Uint8Array>;

  /**
   * Writes handlers' results and stamps, in few round trips; each asset's all or nothing, repeating changes nothing.
   * Answers those that were not written: all others are, durable. Throws only where that cannot be said: UNAVAILABLE, and
   * then any of them may have been written, and so where `signal` was aborted; any other error is about none of them, and
   * ends the job. Not called by a worker where `enlist` is given.
   */
  apply(writes: readonly AssetWrite[], signal?: AbortSignal): Promise<readonly RefusedWrite[]>;

  /**
   * Given where content is in plain files: the file to be read, without following a link, so that a thread can do it.
   * Fails as `read` does.
   */
  fileOf?(path: string): string;

  /** What has been written about each path, in the order asked. */
  results(paths: readonly string[], signal?: AbortSignal): Promise<readonly (AssetResult | undefined)[]>;

  /** Given where results live in the JobStore's own database: results and outcomes then commit together. */
  readonly enlist?: EnlistedWriter;

  /** Given where assets can be put into it. */
  readonly sink?: AssetSink;

  close(): Promise<void>;
}
