import type { Unreadable } from "../../core/asset/asset.js";
import { AssetColumns } from "../../core/asset/asset-columns.js";
import { Column } from "../../core/asset/column.js";
import type { SkipCode } from "../../core/asset/outcome.js";
import type { ManifestEntries } from "../../core/job/chunk.js";
import { Manifest } from "../../core/job/manifest.js";
import { pack, unpack } from "../sql/packed.js";

/** A manifest with the bytes to store. */
export interface PackedManifest {
  readonly manifest: Manifest;
  readonly bytes: Buffer;
  /** Length of its text. */
  readonly chars: number;
}

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
  /** Left out if there are none, as are the next ones. Until late 2026, an object by index. */
  readonly hashes?: readonly (string | null)[] | Readonly<Record<number, string>>;
  /** By index. */
  readonly skips?: Readonly<Record<number, SkipCode>>;
  readonly fragments?: readonly number[];
  readonly unreadable?: Readonly<Record<number, Unreadable>>;
}

/** Packs a manifest outside the calling thread. What its assets' columns have as text is packed as it is. */
export async function packManifest(entries: ManifestEntries): Promise<PackedManifest> {
  const manifest = Manifest.of(entries);
  const text = textOf(manifest);
  return { manifest, bytes: await pack(text), chars: text.length };
}

function textOf({ assets, skips }: Manifest): string {
  const { paths, types, sizes, created, modified, changed, hashes, fragments, unreadable } = assets.parts;
  const columns: Record<keyof ManifestColumns, string | undefined> = {
    paths: paths.text,
    types: types.text,
    sizes: sizes.text,
    created: created.text,
    modified: modified.text,
    changed: changed?.text,
    hashes: hashes?.text,
    skips: skips.size > 0 ? JSON.stringify(Object.fromEntries(skips)) : undefined,
    fragments: fragments && JSON.stringify([...fragments]),
    unreadable: unreadable && JSON.stringify(Object.fromEntries(unreadable)),
  };
  const present = Object.entries(columns).filter(([, text]) => text !== undefined);
  return `{${present.map(([name, text]) => `"${name}":${text}`).join(",")}}`;
}

/** Reverses `packManifest`. Throws if it is not whole, or has a file type number that this version does not know. */
export async function unpackManifest(packed: Uint8Array): Promise<Manifest> {
  const columns = JSON.parse(await unpack(packed)) as ManifestColumns;
  const { paths, types, sizes, created, modified, changed, hashes, skips, fragments, unreadable } = columns;
  const { length } = paths;
  const assets = new AssetColumns({
    paths: new Column(paths),
    types: new Column(types),
    sizes: new Column(sizes),
    created: new Column(created),
    modified: new Column(modified),
    ...(changed ? { changed: new Column(changed) } : {}),
    ...(hashes ? { hashes: new Column(Array.from({ length }, (_, i) => hashes[i] ?? null)) } : {}),
    ...(fragments ? { fragments: new Set(fragments) } : {}),
    ...(unreadable ? { unreadable: new Map(byIndex(unreadable)) } : {}),
  });
  for (let i = 0; i < Math.max(length, types.length); i++) assets.typeAt(i);
  for (const column of [types, sizes, created, modified]) {
    if (column.length !== length) throw new Error(`the manifest has ${column.length} values for ${length} assets`);
  }
  return new Manifest(assets, skips && new Map(byIndex(skips)));
}

const byIndex = <T>(values: Readonly<Record<number, T>>): [index: number, value: T][] =>
  Object.entries(values).map(([index, value]) => [Number(index), value]);
