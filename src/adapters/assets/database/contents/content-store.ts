import type { SqlTransaction } from "../../../sql/index.js";

/** A content that was written, and that no asset shows yet. */
export interface StagedContent {
  readonly contentHash: string;
  readonly sizeBytes: number;
  /** What stands in the asset's row for it, once it is adopted. */
  readonly id: string;
  /** Takes it away again: the asset has it already. */
  drop(): Promise<void>;
}

/** Where contents are kept: in pieces in the database, or as files that it refers to. */
export interface ContentStore<Staged extends StagedContent = StagedContent> {
  /** Writes a content, in pieces as they come; nothing shows it before it is adopted. */
  stage(key: Buffer, content: AsyncIterable<Uint8Array>): Promise<Staged>;
  /** Makes contents their assets', in the transaction that shows them; in few statements. May be run again with it. */
  adopt(tx: SqlTransaction, staged: readonly Staged[]): Promise<void>;
  /** READ_FAILED where it is not there, or not whole. */
  read(contentId: string, path: string, sizeBytes: number): AsyncIterable<Uint8Array>;
  /** Of a content that no asset shows any more, in the transaction that replaced it. */
  abandon(tx: SqlTransaction, contentIds: readonly string[]): Promise<void>;
}
