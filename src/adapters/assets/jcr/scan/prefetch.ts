import type { Asset } from "../../../../core/asset/asset.js";
import { childPath } from "../../../../core/asset/path.js";
import { type AssetNodes, isAssetNode, readAssets } from "../asset-nodes.js";
import type { JcrDialect } from "../dialects/dialect.js";

/** Children read together. */
export const BATCH = 500;
/** Folders listed together. */
const FOLDERS = 200;

export interface ScanTools {
  readonly dialect: JcrDialect;
  /** Returns the assets of these nodes, in order, with their types. */
  readonly assetsOf: (nodes: readonly AssetNodes[], signal?: AbortSignal) => Promise<readonly Asset[]>;
  /** Names held of one folder; a larger one is listed again for each further batch. Folders listed together hold no more. */
  readonly namesAtOnce: number;
}

/** A child that was read: an asset, or a folder to walk. */
export interface Entry {
  readonly path: string;
  readonly asset?: Asset;
  /** Set for a folder that was listed ahead: its names that are content, in path order. */
  names?: readonly string[];
  /** Set for a folder whose children were read ahead. */
  inside?: Entry[];
}

export async function look(
  paths: readonly string[],
  tools: ScanTools,
  signal: AbortSignal | undefined,
): Promise<Entry[]> {
  const nodes = await readAssets(tools.dialect, paths, signal);
  const assets = await tools.assetsOf(
    nodes.filter((node) => node !== undefined),
    signal,
  );
  const byPath = new Map(assets.map((asset) => [asset.path, asset]));
  return paths.map((path) => {
    const asset = byPath.get(path);
    return asset ? { path, asset } : { path };
  });
}

/**
 * Lists a small folder together with its next siblings, and reads their children together: one by one, each would cost
 * three requests. Does nothing for a large folder or an entry that is not a folder.
 */
export async function prefetchFolder(
  folder: Entry,
  siblings: readonly Entry[],
  excluded: ReadonlySet<string>,
  tools: ScanTools,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { dialect, namesAtOnce } = tools;
  if (!dialect.listAll || folder.inside) return;
  const folders = [folder, ...siblings.filter(({ asset }) => !asset)];
  if (!folder.names) {
    const unlisted = folders.filter(({ names }) => !names).slice(0, FOLDERS);
    if (unlisted.length < 2) return;
    const listings = await dialect.listAll(
      unlisted.map(({ path }) => path),
      namesAtOnce,
      signal,
    );
    for (const one of unlisted) {
      const listing = listings.get(one.path);
      if (!listing || isAssetNode(listing.node)) continue;
      const names = new Set(listing.names.filter((name) => isContent(one.path, name, excluded)));
      one.names = [...names].sort((a, b) => (a < b ? -1 : 1));
    }
  }
  const together = smallOnes(folders);
  const entries = await look(
    together.flatMap(({ path, names = [] }) => names.map((name) => childPath(path, name))),
    tools,
    signal,
  );
  let taken = 0;
  for (const one of together) one.inside = entries.slice(taken, (taken += one.names?.length ?? 0));
}

/** Returns the first folders that together have no more than a batch of children. */
function smallOnes(folders: readonly Entry[]): readonly Entry[] {
  let room = BATCH;
  const end = folders.findIndex(({ names, inside }) => !names || inside || (room -= names.length) < 0);
  return end < 0 ? folders : folders.slice(0, end);
}

/** Whether a name is content in scope: neither hidden nor excluded. */
export const isContent = (folder: string, name: string, excluded: ReadonlySet<string>): boolean =>
  !isHidden(name, folder === "/") && !excluded.has(childPath(folder, name));

/** Whether a name is a node's own part, access control or an index; at the root also system folders. */
const isHidden = (name: string, isRoot: boolean): boolean =>
  name.startsWith("jcr:") ||
  name.startsWith("rep:") ||
  name === "oak:index" ||
  (isRoot && (name === "var" || name === "tmp"));
