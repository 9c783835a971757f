import type { FileType } from "./file-type.js";

/** A file-like item in a repository. Its path is its identity and its position. Its content is read separately. */
export interface Asset {
  /** Absolute path in the repository, with the segments exactly as stored there. */
  readonly path: string;
  readonly fileType: FileType;
  readonly sizeBytes: number;
  /** Epoch milliseconds. */
  readonly createdMs: number;
  /** Epoch milliseconds. */
  readonly modifiedMs: number;
  /**
   * When it last changed in any way, by its file system's own clock, which no program can set back; epoch milliseconds.
   * Set only if the repository knows it, and so long ago that a later change must differ. If equal, so is the content.
   */
  readonly changedMs?: number;
  /** `sha256:<hex>`, if the repository knows it without reading the content. */
  readonly contentHash?: string;
  /** Set for a content fragment, which is listed and counted, but never processed. */
  readonly contentFragment?: true;
  /** Set if the repository cannot read what is here, e.g. a folder that this user may not enter. It fails by itself. */
  readonly unreadable?: Unreadable;
}

/** Why something in a repository cannot be read. */
export interface Unreadable {
  readonly code: "ACCESS_DENIED" | "READ_FAILED";
  readonly message: string;
}

/** Returns the last segment of an asset's path. */
export const nameOf = (path: string): string => path.slice(path.lastIndexOf("/") + 1);
