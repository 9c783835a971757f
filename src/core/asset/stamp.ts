/** What the last successful processing of an asset rested on; written with the results, for SUCCEEDED only. */
export interface Stamp {
  readonly sizeBytes: number;
  /** Epoch milliseconds. */
  readonly modifiedMs: number;
  /** `sha256:<hex>` of the content that the handlers read; null where none read it. */
  readonly contentHash: string | null;
  /** Version by handler name, of every handler that ran. */
  readonly handlers: Readonly<Record<string, string>>;
}
