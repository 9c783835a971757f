import type { Asset } from "../../core/asset/asset.js";
import type { ManifestEntry } from "../../core/job/chunk.js";
import { FILE_TYPES } from "../../core/asset/file-type.js";
import type { SkipCode } from "../../core/asset/outcome.js";
import { packJson, unpackJson } from "../sql/packed.js";

/** A manifest by columns: entries share folders, types and dates, which then compress well. */
interface ManifestColumns {
  readonly paths: readonly string[];
  readonly types: readonly number[];
  readonly sizes: readonly number[];
  readonly created: readonly number[];
  readonly modified: readonly number[];
  /** By index; only where there are any. */
  readonly hashes?: Readonly<Record<number, string>>;
  readonly skips?: Readonly<Record<number, SkipCode>>;
  readonly fragments?: readonly number[];
}

export function packManifest(entries: readonly ManifestEntry[]): Buffer {
  const assets = entries.map((entry) => entry.asset);
  const hashes: Record<number, string> = {};
  const skips: Record<number, SkipCode> = {};
  entries.forEach(({ asset, skip }, i) => {
    if (asset.contentHash !== undefined) hashes[i] = asset.contentHash;
    if (skip) skips[i] = skip;
  });
  const columns: ManifestColumns = {
    paths: assets.map((asset) => asset.path),
    types: assets.map((asset) => FILE_TYPES.indexOf(asset.fileType)),
    sizes: assets.map((asset) => asset.sizeBytes),
    created: assets.map((asset) => asset.createdMs),
    modified: assets.map((asset) => asset.modifiedMs),
    ...(Object.keys(hashes).length > 0 ? { hashes } : {}),
    ...(Object.keys(skips).length > 0 ? { skips } : {}),
    ...(assets.some((asset) => asset.contentFragment)
      ? { fragments: assets.flatMap((asset, i) => (asset.contentFragment ? [i] : [])) }
      : {}),
  };
  return packJson(columns);
}

export function unpackManifest(packed: Uint8Array): readonly ManifestEntry[] {
  const { paths, types, sizes, created, modified, hashes, skips, fragments } = unpackJson(packed) as ManifestColumns;
  const fragmentSet = new Set(fragments);
  return paths.map((path, i) => {
    const hash = hashes?.[i];
    const skip = skips?.[i];
    const asset: Asset = {
      path,
      fileType: FILE_TYPES[types[i] ?? -1] ?? "OTHERS",
      sizeBytes: sizes[i] ?? 0,
      createdMs: created[i] ?? 0,
      modifiedMs: modified[i] ?? 0,
      ...(hash === undefined ? {} : { contentHash: hash }),
      ...(fragmentSet.has(i) ? { contentFragment: true as const } : {}),
    };
    return skip ? { asset, skip } : { asset };
  });
}
