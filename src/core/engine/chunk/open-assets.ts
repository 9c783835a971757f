import type { Asset } from "../../asset/asset.js";
import type { ChunkClaim } from "../../job/chunk.js";
import type { ContentSource } from "../asset/asset-content.js";
import { AssetTask } from "../asset/asset-task.js";

/** An asset to run again, in its current state. */
export interface Rerun {
  readonly index: number;
  readonly asset: Asset;
}

/**
 * The assets of a claimed chunk that still have to run: reruns first, then open assets in path order. Those that fit a
 * batch can be taken together; whoever meets an asset that is not for it leaves it to the other.
 */
export class OpenAssets {
  readonly #claim: ChunkClaim;
  readonly #content: ContentSource;
  readonly #fitsBatch: (asset: Asset) => boolean;
  readonly #reruns: Rerun[] = [];
  readonly #left = { single: new Leftovers(), batch: new Leftovers() };
  #next = 0;
  #limit = 0;

  constructor(claim: ChunkClaim, content: ContentSource, fitsBatch: (asset: Asset) => boolean = () => false) {
    this.#claim = claim;
    this.#content = content;
    this.#fitsBatch = fitsBatch;
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

  /** Takes the next asset. If `leavesBatches`, leaves those that fit a batch. */
  take(nowMs: number, leavesBatches = false): AssetTask | undefined {
    const rerun = this.#reruns.shift();
    if (rerun) return this.#task(rerun.index, rerun.asset, nowMs);
    const { single, batch } = this.#left;
    const left = single.next() ?? (leavesBatches ? undefined : batch.next());
    for (let index = left ?? this.#nextIndex(); index !== undefined; index = this.#nextIndex()) {
      const asset = this.#claim.entries.at(index)?.asset;
      if (!asset) return undefined;
      if (!leavesBatches || index === left || !this.#fitsBatch(asset)) return this.#task(index, asset, nowMs, asset);
      batch.add(index);
    }
    return undefined;
  }

  /** Takes up to `most` assets that fit a batch. */
  takeBatch(most: number, nowMs: number): readonly AssetTask[] {
    const { single, batch } = this.#left;
    const tasks: AssetTask[] = [];
    while (tasks.length < most) {
      const left = batch.next();
      const index = left ?? this.#nextIndex();
      const asset = index === undefined ? undefined : this.#claim.entries.at(index)?.asset;
      if (index === undefined || !asset) break;
      if (index === left || this.#fitsBatch(asset)) tasks.push(this.#task(index, asset, nowMs, asset));
      else single.add(index);
    }
    return tasks;
  }

  #nextIndex(): number | undefined {
    return this.#next < this.#limit ? this.#claim.open[this.#next++] : undefined;
  }

  /** `found`: the asset as discovery saw it. */
  #task(index: number, asset: Asset, nowMs: number, found = this.#claim.entries.at(index)?.asset): AssetTask {
    // The type that discovery counted, even if it has changed since.
    return new AssetTask(index, asset, this.#content, nowMs, found?.fileType);
  }
}

/** Indices that were met by one and are left to another, in order. */
class Leftovers {
  readonly #indices: number[] = [];
  #next = 0;

  add(index: number): void {
    this.#indices.push(index);
  }

  next(): number | undefined {
    return this.#indices[this.#next] === undefined ? undefined : this.#indices[this.#next++];
  }
}
