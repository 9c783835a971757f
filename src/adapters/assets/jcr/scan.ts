import { setTimeout as wait } from "node:timers/promises";
import { childPath, comparePaths, isWithin } from "../../../core/asset/path.js";
import type { ScanOptions, ScanPage } from "../../../core/ports/asset-repository.js";
import { ScanPager } from "../../../core/ports/scan-pager.js";
import { admits, isExcluded, type Scope } from "../../../core/asset/scope.js";
import { brokenAsset, isAssetNode, readAssets } from "./asset-nodes.js";
import type { JcrDialect } from "./dialects/dialect.js";
import type { JcrNode } from "./dialects/jcr-node.js";
import { BATCH, type Entry, isContent, look, prefetchFolder, type ScanTools } from "./scan/prefetch.js";
import { NameWindow } from "./scan/name-window.js";

/** A folder on the way down. */
interface Level {
  readonly path: string;
  /** Only names after this one remain. */
  after: string | undefined;
  /** In path order, the next one first. */
  names: string[];
  /** Whether more names follow these. */
  more: boolean;
  entries: Entry[];
  ahead: Promise<Entry[]> | undefined;
  /** Until the level is begun: its entry in the parent folder, and the entries after it. */
  begin: { readonly entry: Entry; readonly siblings: readonly Entry[] } | undefined;
  /** Whether to yield the node itself if it is an asset. */
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

const sleep = (ms: number, signal?: AbortSignal): Promise<void> =>
  wait(ms, undefined, signal ? { signal } : {}).catch(() => {});

/**
 * Scans the scope's assets in path order. The repository's own order cannot be resumed, so each folder's names are sorted, a
 * window of them at a time. Memory holds such a window for each folder on the way down, and a batch of nodes.
 *
 * Guarantee, for what the user may read: an asset that exists unmoved throughout is seen exactly once; one that is added
 * behind the cursor waits for the next job; one that is moved may be missed or seen twice.
 *
 * Yields nothing as `unreadable`: to a user who may not read a node, the server shows neither the node nor its children.
 */
export async function* scanJcr(scope: Scope, options: ScanOptions, tools: ScanTools): AsyncGenerator<ScanPage> {
  const { after, signal } = options;
  const excluded = new Set(scope.excluded);
  const pager = new ScanPager(options, () => performance.now(), sleep);
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
        if (!(yield* pager.during(moreEntries(level, excluded, tools, signal)))) levels.pop();
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
 * Returns the levels to resume from a position: in each folder above it the names after the one that leads there, and all
 * that lies below the position itself. None of them need exist any more.
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

/** Fetches more entries. Returns false when the level is exhausted. */
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
    // The next batch is requested while this one is worked on.
    level.ahead = level.names.length > 0 ? nextBatch(level, tools, signal) : undefined;
    level.entries = entries;
    return true;
  } catch (error) {
    if (signal?.aborted) return false;
    throw error;
  }
}

/** Uses what was prefetched for a folder. Returns whether its entries are known. */
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
  // The error is handled where this is awaited; an abandoned scan never awaits it.
  looking.catch(() => {});
  return looking;
}

/** Lists a level's next names; false if there are none. A node that turns out to be an asset becomes the only entry. */
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
