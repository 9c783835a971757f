import type { Asset } from "../../asset/asset.js";
import type { ChunkClaim } from "../../job/chunk.js";
import type { ContentSource } from "../asset/asset-content.js";
import { AssetTask } from "../asset/asset-task.js";

/** An asset to run again, in its current state. */
export interface Rerun {
  readonly index: number;
  readonly asset: Asset;
}

/** The assets of a claimed chunk that still have to run: reruns first, then open assets in path order. */
export class OpenAssets {
  readonly #claim: ChunkClaim;
  readonly #content: ContentSource;
  readonly #reruns: Rerun[] = [];
  #next = 0;
  #limit = 0;

  constructor(claim: ChunkClaim, content: ContentSource) {
    this.#claim = claim;
    this.#content = content;
  }

  /** Whether no asset was taken yet. */
  get untouched(): boolean {
    return this.#next === 0;
  }

  /** Allows `count` more open assets to be taken. Returns how many there are. */
  allow(count: number): number {
    const before = this.#limit;
    this.#limit = Math.min(before + count, this.#claim.open.length);
    return this.#limit - before;
  }

  rerun(assets: readonly Rerun[]): void {
    this.#reruns.push(...assets);
  }

  take(nowMs: number): AssetTask | undefined {
    const rerun = this.#reruns.shift();
    if (rerun) return this.#task(rerun.index, rerun.asset, nowMs);
    if (this.#next >= this.#limit) return undefined;
    const index = this.#claim.open[this.#next++];
    const asset = index === undefined ? undefined : this.#claim.entries.at(index)?.asset;
    return index === undefined || !asset ? undefined : this.#task(index, asset, nowMs, asset);
  }

  /** `found`: the asset as discovery saw it. */
  #task(index: number, asset: Asset, nowMs: number, found = this.#claim.entries.at(index)?.asset): AssetTask {
    // The type that discovery counted, even if it has changed since.
    return new AssetTask(index, asset, this.#content, nowMs, found?.fileType);
  }
}
