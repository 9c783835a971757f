import type { Asset } from "../asset/asset.js";
import type { AssetmillError } from "../errors.js";

/** An asset to put into a repository. */
export interface IncomingAsset {
  /** The asset as it must be stored: path, type, times, size, and the content's hash if the source knows it. */
  readonly asset: Asset;
  /** Yields its content in pieces. Called once per try. */
  content(signal?: AbortSignal): AsyncIterable<Uint8Array>;
}

/** How a put ended; content and metadata are durable. "unchanged": the same asset was there before. */
export interface PutEnd {
  readonly end: "created" | "replaced" | "unchanged";
  /** `sha256:<hex>` of the content that was received. */
  readonly contentHash: string;
}

/**
 * Takes in new assets: an optional ability of a repository. Creates missing parents. Each asset appears completely or
 * not at all; repeating a put changes nothing. Content of any size is streamed.
 */
export interface AssetSink {
  /**
   * Puts the assets and returns their ends in the order given. If one asset fails, its error is returned in its place
   * and the others are still put. A path of more than 4,096 bytes fails. Throws only UNAVAILABLE, and the signal's reason
   * when `signal` is aborted.
   */
  put(incoming: readonly IncomingAsset[], signal?: AbortSignal): Promise<readonly (PutEnd | AssetmillError)[]>;

  /** Returns a note about this target for whoever puts assets into it; undefined if there is nothing to say. */
  note?(): Promise<string | undefined>;
}
