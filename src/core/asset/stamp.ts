/**
 * The state of an asset that its last successful processing was based on. Written with the results of SUCCEEDED only.
 */
export interface Stamp {
  readonly sizeBytes: number;
  /** Epoch milliseconds. */
  readonly modifiedMs: number;
  /** `sha256:<hex>` of the content that the handlers read; null if none read it completely. */
  readonly contentHash: string | null;
  /** Versions of all handlers that ran, by handler name. */
  readonly handlers: Readonly<Record<string, string>>;
  /** What else the processing was based on. Missing in stamps of older versions: that is then not known. */
  readonly basis?: StampBasis;
}

/** What processing an asset was based on besides its facts, its content and the handlers. */
export interface StampBasis {
  /** The asset's `changedMs`, if the repository knew it. */
  readonly changedMs?: number;
  /** Set if a handler read the content, but nobody read it completely: there is no hash to compare. */
  readonly partial?: true;
  /** What handlers learned about other assets, by path. */
  readonly others: OtherAssets;
}

/** By path: whether anything exists there, or, if it was read, a hash of its content. */
export type OtherAssets = Readonly<Record<string, boolean | string>>;
