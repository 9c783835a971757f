/**
 * The state of an asset that its last successful processing was based on. Written with the results of SUCCEEDED only.
 */
export interface Stamp {
  readonly sizeBytes: number;
  /** Epoch milliseconds. */
  readonly modifiedMs: number;
  /** `sha256:<hex>` of the content that the handlers read; null if none read it. */
  readonly contentHash: string | null;
  /** Versions of all handlers that ran, by handler name. */
  readonly handlers: Readonly<Record<string, string>>;
}
