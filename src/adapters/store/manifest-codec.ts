import type { Asset, Unreadable } from "../../core/asset/asset.js";
import type { ManifestEntry } from "../../core/job/chunk.js";
import type { FileType } from "../../core/asset/file-type.js";
import type { SkipCode } from "../../core/asset/outcome.js";
import { packJson, unpackJson } from "../sql/packed.js";

/**
 * Numbers of file types in stored manifests. Append only: rows contain them, so a number must never change its meaning or
 * be reused. They do not depend on the order of FILE_TYPES. The first six equal the positions in that list that were
 * stored before this table existed, so older rows read the same without a migration.
 */
const TYPE_NUMBERS = Object.freeze({
  DITATOPIC: 0,
  DITAMAP: 1,
  MARKDOWN: 2,
  "HTML/CSS": 3,
  DITAVAL: 4,
  OTHERS: 5,
} as const satisfies Readonly<Record<FileType, number>>);

const TYPES_BY_NUMBER: ReadonlyMap<unknown, FileType> = new Map(
  (Object.keys(TYPE_NUMBERS) as FileType[]).map((type) => [TYPE_NUMBERS[type], type]),
);

/** A manifest in columns: neighbouring entries share folders, types and dates, so columns compress well. */
interface ManifestColumns {
  readonly paths: readonly string[];
  /** Values of TYPE_NUMBERS. */
  readonly types: readonly number[];
  readonly sizes: readonly number[];
  readonly created: readonly number[];
  readonly modified: readonly number[];
  /** Difference of `changedMs` to `modified`; null if it is not known. Left out if it is known for none. */
  readonly changed?: readonly (number | null)[];
  /** By index; left out if there are none, as are the next ones. */
  readonly hashes?: Readonly<Record<number, string>>;
  readonly skips?: Readonly<Record<number, SkipCode>>;
  readonly fragments?: readonly number[];
  readonly unreadable?: Readonly<Record<number, Unreadable>>;
}

export function packManifest(entries: readonly ManifestEntry[]): Buffer {
  const assets = entries.map((entry) => entry.asset);
  const hashes: Record<number, string> = {};
  const skips: Record<number, SkipCode> = {};
  const unreadable: Record<number, Unreadable> = {};
  entries.forEach(({ asset, skip }, i) => {
    if (asset.contentHash !== undefined) hashes[i] = asset.contentHash;
    if (skip) skips[i] = skip;
    if (asset.unreadable) unreadable[i] = asset.unreadable;
  });
  const columns: ManifestColumns = {
    paths: assets.map((asset) => asset.path),
    types: assets.map((asset) => TYPE_NUMBERS[asset.fileType]),
    sizes: assets.map((asset) => asset.sizeBytes),
    created: assets.map((asset) => asset.createdMs),
    modified: assets.map((asset) => asset.modifiedMs),
    ...(assets.some(({ changedMs }) => changedMs !== undefined)
      ? { changed: assets.map((asset) => (asset.changedMs === undefined ? null : asset.changedMs - asset.modifiedMs)) }
      : {}),
    ...(Object.keys(hashes).length > 0 ? { hashes } : {}),
    ...(Object.keys(skips).length > 0 ? { skips } : {}),
    ...(assets.some((asset) => asset.contentFragment)
      ? { fragments: assets.flatMap((asset, i) => (asset.contentFragment ? [i] : [])) }
      : {}),
    ...(Object.keys(unreadable).length > 0 ? { unreadable } : {}),
  };
  return packJson(columns);
}

/** Reverses `packManifest`. Throws if it has a file type number that this version does not know. */
export function unpackManifest(packed: Uint8Array): readonly ManifestEntry[] {
  const columns = unpackJson(packed) as ManifestColumns;
  const { paths, types, sizes, created, modified, changed, hashes, skips, fragments, unreadable } = columns;
  const fragmentSet = new Set(fragments);
  return paths.map((path, i) => {
    const hash = hashes?.[i];
    const skip = skips?.[i];
    const since = changed?.[i];
    const closed = unreadable?.[i];
    const asset: Asset = {
      path,
      fileType: typeOf(types[i], i),
      sizeBytes: sizes[i] ?? 0,
      createdMs: created[i] ?? 0,
      modifiedMs: modified[i] ?? 0,
      ...(since === null || since === undefined ? {} : { changedMs: (modified[i] ?? 0) + since }),
      ...(hash === undefined ? {} : { contentHash: hash }),
      ...(fragmentSet.has(i) ? { contentFragment: true as const } : {}),
      ...(closed ? { unreadable: closed } : {}),
    };
    return skip ? { asset, skip } : { asset };
  });
}

function typeOf(number: number | undefined, index: number): FileType {
  const type = TYPES_BY_NUMBER.get(number);
  if (type !== undefined) return type;
  throw new Error(
    `asset ${index} of the manifest has file type number ${number}, which this version does not know; upgrade assetmill`,
  );
}
