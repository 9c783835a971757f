import { childPath, comparePaths, isWithin } from "../../../core/asset/path.js";
import type { ScanOptions, ScanPage } from "../../../core/ports/asset-repository.js";
import { ScanPager } from "../../../core/ports/scan-pager.js";
import { admits, isExcluded, type Scope } from "../../../core/asset/scope.js";
import { brokenAsset, isAssetNode, readAssets } from "./asset-nodes.js";
import type { JcrDialect } from "./dialects/dialect.js";
import type { JcrNode } from "./dialects/jcr-node.js";
import { BATCH, type Entry, isContent, look, prefetchFolder, type ScanTools } from "./scan/prefetch.js";
import { NameWindow } from "./scan/name-window.js";

/** A folder on the way. */
interface Level {
  readonly path: string;
  /** Only names greater than this are still to come. */
  after: string | undefined;
  /** In path order; the next is the first. */
  names: string[];
  /** There are names beyond these. */
  more: boolean;
  entries: Entry[];
  ahead: Promise<Entry[]> | undefined;
  /** What the level was made of, until it is begun, and what follows that in its own folder. */
  begin: { readonly entry: Entry; readonly siblings: readonly Entry[] } | undefined;
  /** Whether the node itself is to be yielded where it is an asset. */
  readonly yieldsSelf: boolean;
}

const levelAt = (path: string, after: string | undefined, yieldsSelf: boolean): Level => ({
  path,
  after,
  names: [],
  more: true,
  entries: [],
  ahead: undefined,
  begin: undefined,
  yieldsSelf,
});

/**
 * The scope's assets in path order, in pages. Repository order is no cursor, so each folder's names are sorted, the
 * smallest so many at a time. Memory: as many names for each folder on the way down, and a batch of nodes.
 *
 * The promise: an asset that exists unmoved throughout is seen exactly once; one that is added behind the cursor waits for
 * the next job; one that is moved may be missed or met twice. All this of what the user may read.
 */
export async function* scanJcr(scope: Scope, options: ScanOptions, tools: ScanTools): AsyncGenerator<ScanPage> {
  const { after, signal } = options;
  const excluded = new Set(scope.excluded);
  const pager = new ScanPager(options, () => performance.now());
  for (const root of scope.roots) {
    if (isExcluded(scope, root)) continue;
    const levels = beginAt(root, after);
    for (let level = levels.at(-1); level; level = levels.at(-1)) {
      if (pager.isAborted) return;
      if (pager.isDue) {
        yield* pager.page();
        continue;
      }
      const entry = level.entries.shift();
      if (!entry) {
        if (!(await moreEntries(level, excluded, tools, signal))) levels.pop();
        continue;
      }
      const { path, asset } = entry;
      pager.add(path, asset && admits(scope.filter, asset) ? asset : undefined);
      if (!asset) levels.push({ ...levelAt(path, undefined, true), begin: { entry, siblings: level.entries } });
    }
  }
  yield* pager.rest();
}

/**
 * The levels to go on from a position with: at each folder above it the folder's own name, which was dealt with, then the
 * greater ones; and whatever lies below the position itself. They need not exist any more.
 */
function beginAt(root: string, after: string | undefined): Level[] {
  if (after === undefined || comparePaths(root, after) > 0) return [levelAt(root, undefined, true)];
  if (!isWithin(after, root)) return [];
  const levels: Level[] = [];
  const names = after
    .slice(root === "/" ? 1 : root.length + 1)
    .split("/")
    .filter((name) => name !== "");
  let path = root;
  for (const name of names) {
    levels.push(levelAt(path, name, false));
    path = childPath(path, name);
  }
  return [...levels, levelAt(path, undefined, false)];
}

/** True where the level got entries, or may yet; false where it has come to its end. */
async function moreEntries(
  level: Level,
  excluded: ReadonlySet<string>,
  tools: ScanTools,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  try {
    if (level.begin && (await beginAhead(level, level.begin, excluded, tools, signal))) return true;
    if (!level.ahead) {
      if (level.names.length === 0 && !(level.more && (await moreNames(level, excluded, tools, signal)))) {
        return level.entries.length > 0;
      }
      level.ahead = nextBatch(level, tools, signal);
    }
    const entries = await level.ahead;
    // The next batch is asked for while this one is dealt with.
    level.ahead = level.names.length > 0 ? nextBatch(level, tools, signal) : undefined;
    level.entries = entries;
    return true;
  } catch (error) {
    if (signal?.aborted) return false;
    throw error;
  }
}

/** Takes over what is known of a folder ahead; true where that are its entries, if any. */
async function beginAhead(
  level: Level,
  { entry, siblings }: NonNullable<Level["begin"]>,
  excluded: ReadonlySet<string>,
  tools: ScanTools,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  await prefetchFolder(entry, siblings, excluded, tools, signal);
  level.begin = undefined;
  if (!entry.names) return false;
  level.more = false;
  if (entry.inside) level.entries = entry.inside;
  else level.names = [...entry.names];
  return entry.inside !== undefined;
}

function nextBatch(level: Level, tools: ScanTools, signal: AbortSignal | undefined): Promise<Entry[]> {
  const paths = level.names.splice(0, BATCH).map((name) => childPath(level.path, name));
  const looking = look(paths, tools, signal);
  // Met by whoever awaits it; nobody may, where the walk is left.
  looking.catch(() => {});
  return looking;
}

/** The next names of a level; false where there are none. A node that turns out to be an asset becomes its own one entry. */
async function moreNames(
  level: Level,
  excluded: ReadonlySet<string>,
  { dialect, assetsOf, namesAtOnce }: ScanTools,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const names = new NameWindow(level.after, namesAtOnce);
  const node = await dialect.list(
    level.path,
    (name) => {
      if (isContent(level.path, name, excluded)) names.add(name);
    },
    signal,
  );
  level.more = false;
  if (!node) return false;
  if (isAssetNode(node)) {
    if (level.yieldsSelf) level.entries = await ownEntry(level.path, node, dialect, assetsOf, signal);
    return false;
  }
  level.names = names.take();
  level.more = names.overflowed;
  level.after = level.names.at(-1) ?? level.after;
  return level.names.length > 0;
}

async function ownEntry(
  path: string,
  self: JcrNode,
  dialect: JcrDialect,
  assetsOf: ScanTools["assetsOf"],
  signal: AbortSignal | undefined,
): Promise<Entry[]> {
  const [nodes] = await readAssets(dialect, [path], signal);
  const [asset] = await assetsOf([nodes ?? brokenAsset(path, self)], signal);
  return asset ? [{ path, asset }] : [];
}
