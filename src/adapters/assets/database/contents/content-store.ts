import type { SqlTransaction } from "../../../sql/index.js";

/** Content that was written but belongs to no asset yet. */
export interface StagedContent {
  readonly contentHash: string;
  readonly sizeBytes: number;
  /** Its id in the asset's row, once it is adopted. */
  readonly id: string;
  /** Deletes it again: the asset has this content already. */
  drop(): Promise<void>;
}

/** Keeps contents: in pieces in the database, or in files that the database refers to. */
export interface ContentStore<Staged extends StagedContent = StagedContent> {
  /** Writes content as it comes in. It stays invisible until it is adopted. */
  stage(key: Buffer, content: AsyncIterable<Uint8Array>): Promise<Staged>;
  /** Gives contents to their assets, in the transaction that makes them visible. May be repeated with it. */
  adopt(tx: SqlTransaction, staged: readonly Staged[]): Promise<void>;
  /** Reads content. Throws READ_FAILED if it is missing or incomplete. */
  read(contentId: string, path: string, sizeBytes: number): AsyncIterable<Uint8Array>;
  /** Gives up contents that no asset refers to any more, in the transaction that replaced them. */
  abandon(tx: SqlTransaction, contentIds: readonly string[]): Promise<void>;
}
