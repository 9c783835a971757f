import type { AssetReference, PropertyValue } from "./handler-result.js";
import type { Stamp } from "./stamp.js";

/** Results to write for one asset after all its handlers succeeded. */
export interface AssetWrite {
  readonly path: string;
  /** Merged over the existing properties. */
  readonly properties: Readonly<Record<string, PropertyValue>>;
  /** By handler name. Each list replaces the handler's earlier references. */
  readonly references: Readonly<Record<string, readonly AssetReference[]>>;
  readonly stamp: Stamp;
  readonly jobId: string;
}

/** Results that processing has written for one asset so far. */
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

/** A write that was refused. Nothing of it was stored. */
export interface RefusedWrite {
  readonly path: string;
  /**
   * `CHANGED`: the asset's size or modification time no longer match the write's stamp. `GONE`: the asset does not
   * exist; none was created. `LOCKED`, `CHECKED_OUT`: someone prevents it from being written. `CHECKED_OUT` also means
   * that the asset would have to be checked out first.
   */
  readonly code: RefusalCode;
  readonly message: string;
}
