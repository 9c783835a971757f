import type { AssetReference, PropertyValue } from "./handler-result.js";
import type { Stamp } from "./stamp.js";

/** What is to be written about one asset after all its handlers succeeded. */
export interface AssetWrite {
  readonly path: string;
  /** Merged over what is there. */
  readonly properties: Readonly<Record<string, PropertyValue>>;
  /** By handler name; each list replaces what that handler found before. */
  readonly references: Readonly<Record<string, readonly AssetReference[]>>;
  readonly stamp: Stamp;
  readonly jobId: string;
}

/** What processing has written about one asset so far. */
export interface AssetResult {
  readonly path: string;
  readonly properties: Readonly<Record<string, PropertyValue>>;
  readonly references: readonly (AssetReference & { readonly handler: string })[];
  readonly stamp: Stamp;
  readonly jobId: string;
  /** Epoch milliseconds, by the repository's clock. */
  readonly at: number;
}

/** Why one asset's results were not written. */
export type RefusalCode = "GONE" | "CHANGED" | "LOCKED" | "CHECKED_OUT" | "ACCESS_DENIED" | "WRITE_FAILED";

/** A write that was not done; nothing of it is there. */
export interface RefusedWrite {
  readonly path: string;
  /**
   * `CHANGED`: size or time of modification are not those of the write's stamp any more. `GONE`: nothing is there, and
   * nothing was made. `LOCKED`, `CHECKED_OUT`: somebody keeps it from being written (`CHECKED_OUT` stands for a version
   * that has to be checked out first, too).
   */
  readonly code: RefusalCode;
  readonly message: string;
}
