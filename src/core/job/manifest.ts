import type { Asset } from "../asset/asset.js";
import { AssetColumns } from "../asset/asset-columns.js";
import type { SkipCode } from "../asset/outcome.js";
import type { ManifestEntries, ManifestEntry } from "./chunk.js";

/** The assets of a chunk in columns, and the skip codes of those that a rule decided, by index. */
export class Manifest implements ManifestEntries {
  readonly assets: AssetColumns;
  readonly skips: ReadonlyMap<number, SkipCode>;

  constructor(assets: AssetColumns, skips: ReadonlyMap<number, SkipCode> = NONE) {
    this.assets = assets;
    this.skips = skips;
  }

  static of(entries: ManifestEntries): Manifest {
    if (entries instanceof Manifest) return entries;
    const assets: Asset[] = [];
    const skips = new Map<number, SkipCode>();
    for (let i = 0; i < entries.length; i++) {
      const entry = entries.at(i);
      if (!entry) continue;
      if (entry.skip) skips.set(assets.length, entry.skip);
      assets.push(entry.asset);
    }
    return new Manifest(AssetColumns.of(assets), skips);
  }

  get length(): number {
    return this.assets.length;
  }

  at(index: number): ManifestEntry | undefined {
    const asset = this.assets.at(index);
    const skip = this.skips.get(index);
    return asset && (skip ? { asset, skip } : { asset });
  }

  /** Returns the indices that no rule decided, in order. */
  get open(): number[] {
    const open: number[] = [];
    for (let i = 0; i < this.length; i++) if (!this.skips.has(i)) open.push(i);
    return open;
  }
}

const NONE: ReadonlyMap<number, SkipCode> = new Map();

/** Returns all entries, made anew. */
export const entriesIn = (entries: ManifestEntries): ManifestEntry[] =>
  Array.from({ length: entries.length }, (_, i) => entries.at(i)).filter((entry) => entry !== undefined);
