import type { FileType } from "./file-type.js";

/** One file-like thing in a repository. Its path is its identity and its position; its content is read lazily. */
export interface Asset {
  /** Absolute path in the repository, segments as they stand there. */
  readonly path: string;
  readonly fileType: FileType;
  readonly sizeBytes: number;
  /** Epoch milliseconds. */
  readonly createdMs: number;
  /** Epoch milliseconds. */
  readonly modifiedMs: number;
  /** `sha256:<hex>` where the repository knows it without reading the content. */
  readonly contentHash?: string;
  /** A content fragment: listed and counted, never processed. */
  readonly contentFragment?: true;
}

/** The last segment of an asset's path. */
export const nameOf = (path: string): string => path.slice(path.lastIndexOf("/") + 1);
