import type { Asset } from "./asset.js";

/** Assets in path order. An array of them is one. */
export interface AssetList extends Iterable<Asset> {
  readonly length: number;
  /** Returns the asset at an index; undefined beyond the last. May make it anew for each call. */
  at(index: number): Asset | undefined;
}
