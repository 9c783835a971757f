import type { Asset, Unreadable } from "./asset.js";
import type { AssetList } from "./asset-list.js";
import { Column } from "./column.js";
import type { FileType } from "./file-type.js";
import { TYPE_NUMBERS, typeOfNumber } from "./file-type-numbers.js";

/**
 * What assets in columns are made of. Times are epoch milliseconds. A column of which no asset has anything is left out,
 * if it may be.
 */
export interface AssetColumnParts {
  readonly paths: Column<string>;
  /** TYPE_NUMBERS. */
  readonly types: Column<number>;
  readonly sizes: Column<number>;
  readonly created: Column<number>;
  readonly modified: Column<number>;
  /** Difference of `changedMs` to `modifiedMs`; null if it is not known. */
  readonly changed?: Column<number | null>;
  readonly hashes?: Column<string | null>;
  /** By index, as are the next ones. */
  readonly fragments?: ReadonlySet<number>;
  readonly unreadable?: ReadonlyMap<number, Unreadable>;
}

/**
 * Assets in columns: a page or a chunk of them costs few objects, and is counted and stored without one for each. Makes
 * an Asset when it is asked for one.
 */
export class AssetColumns implements AssetList {
  readonly parts: AssetColumnParts;
  readonly length: number;

  constructor(parts: AssetColumnParts) {
    this.parts = parts;
    this.length = parts.types.values.length;
  }

  static of(assets: AssetList): AssetColumns {
    return assets instanceof AssetColumns ? assets : columnsOf(assets);
  }

  /** Throws an Error if this version does not know the file type. */
  typeAt(index: number): FileType {
    const number = this.parts.types.values[index];
    const type = typeOfNumber(number);
    if (type !== undefined) return type;
    throw new Error(
      `asset ${index} of the manifest has file type number ${number}, which this version does not know; upgrade assetmill`,
    );
  }

  pathAt(index: number): string | undefined {
    return this.parts.paths.values[index];
  }

  at(index: number): Asset | undefined {
    if (index < 0 || index >= this.length) return undefined;
    const { paths, sizes, created, modified, changed, hashes, fragments, unreadable } = this.parts;
    const modifiedMs = modified.values[index] ?? 0;
    const asset: { -readonly [K in keyof Asset]: Asset[K] } = {
      path: paths.values[index] ?? "",
      fileType: this.typeAt(index),
      sizeBytes: sizes.values[index] ?? 0,
      createdMs: created.values[index] ?? 0,
      modifiedMs,
    };
    const since = changed?.values[index] ?? undefined;
    if (since !== undefined) asset.changedMs = modifiedMs + since;
    const hash = hashes?.values[index] ?? undefined;
    if (hash !== undefined) asset.contentHash = hash;
    if (fragments?.has(index)) asset.contentFragment = true;
    const closed = unreadable?.get(index);
    if (closed) asset.unreadable = closed;
    return asset;
  }

  /** Keeps as little as possible: what was read from text is read again when it is asked for. */
  release(): void {
    const { paths, types, sizes, created, modified, changed, hashes } = this.parts;
    for (const column of [paths, types, sizes, created, modified, changed, hashes]) column?.release();
  }

  *[Symbol.iterator](): Generator<Asset> {
    for (let i = 0; i < this.length; i++) {
      const asset = this.at(i);
      if (asset) yield asset;
    }
  }
}

function columnsOf(assets: AssetList): AssetColumns {
  const [paths, types, sizes, created, modified]: [string[], number[], number[], number[], number[]] = [
    [],
    [],
    [],
    [],
    [],
  ];
  const changed: (number | null)[] = [];
  const hashes: (string | null)[] = [];
  const fragments = new Set<number>();
  const unreadable = new Map<number, Unreadable>();
  let [hasChanged, hasHashes] = [false, false];
  for (const asset of assets) {
    if (asset.contentFragment) fragments.add(paths.length);
    if (asset.unreadable) unreadable.set(paths.length, asset.unreadable);
    paths.push(asset.path);
    types.push(TYPE_NUMBERS[asset.fileType]);
    sizes.push(asset.sizeBytes);
    created.push(asset.createdMs);
    modified.push(asset.modifiedMs);
    changed.push(asset.changedMs === undefined ? null : asset.changedMs - asset.modifiedMs);
    hasChanged ||= asset.changedMs !== undefined;
    hashes.push(asset.contentHash ?? null);
    hasHashes ||= asset.contentHash !== undefined;
  }
  return new AssetColumns({
    paths: new Column(paths),
    types: new Column(types),
    sizes: new Column(sizes),
    created: new Column(created),
    modified: new Column(modified),
    ...(hasChanged ? { changed: new Column(changed) } : {}),
    ...(hasHashes ? { hashes: new Column(hashes) } : {}),
    ...(fragments.size > 0 ? { fragments } : {}),
    ...(unreadable.size > 0 ? { unreadable } : {}),
  });
}
