import type { Asset } from "../asset/asset.js";
import type { AssetmillError } from "../errors.js";

/** An asset on its way into a repository. */
export interface IncomingAsset {
  /** As it is to be: path, type, times, size; the hash of its content, where the source knows it. */
  readonly asset: Asset;
  /** Its content, in pieces; called once a try. */
  content(signal?: AbortSignal): AsyncIterable<Uint8Array>;
}

/** An asset whose content and metadata are there, durable. "unchanged": the same was there before. */
export interface PutEnd {
  readonly end: "created" | "replaced" | "unchanged";
  /** `sha256:<hex>` of the content as it was taken in. */
  readonly contentHash: string;
}

/**
 * Takes assets in: an ability of repositories that can. Missing parents are made; each asset appears whole or not at
 * all; doing it again changes nothing. Content is streamed, whatever its size.
 */
export interface AssetSink {
  /**
   * In the order given; an error about one asset stands in its place, and stops no other. Throws only UNAVAILABLE, and
   * what `signal` was aborted with.
   */
  put(incoming: readonly IncomingAsset[], signal?: AbortSignal): Promise<readonly (PutEnd | AssetmillError)[]>;

  /** Given where there may be something about this place that whoever puts assets into it should know. */
  note?(): Promise<string | undefined>;
}
