import { AssetmillError, isUnavailable } from "../errors.js";
import { retryWhileUnavailable } from "../engine/retry-while-unavailable.js";
import type { Asset, Unreadable } from "../asset/asset.js";
import type { AssetRepository } from "../ports/asset-repository.js";
import type { AssetSink, PutEnd } from "../ports/asset-sink.js";
import type { Clock } from "../ports/clock.js";
import { scopeOf } from "../asset/scope.js";

/** Maximum number of assets in one put. */
const BATCH = 50;
/** Maximum total size of the assets in one put. A larger asset is put alone. */
const BATCH_BYTES = 8 * 1024 * 1024;
/** Number of puts in flight at once. */
const IN_FLIGHT = 3;
const PAGE = 500;

/** Progress of an import. The counts only grow. */
export interface ImportProgress {
  readonly created: number;
  readonly replaced: number;
  readonly unchanged: number;
  /** Assets that could not be copied, and folders that could not be read. */
  readonly failed: number;
  /** Hidden files and folders that the source left out. */
  readonly hidden: number;
}

export interface ImportTools {
  readonly source: Pick<AssetRepository, "scan" | "read">;
  readonly target: Pick<AssetRepository, "stat">;
  readonly sink: AssetSink;
  readonly clock: Clock;
  readonly random: () => number;
  readonly signal?: AbortSignal;
  readonly onProgress: (progress: ImportProgress) => void;
  readonly onFailure: (path: string, error: Pick<AssetmillError, "code" | "message">) => void;
  /** Called when the target is unreachable, before each retry. */
  readonly onUnavailable: (error: unknown, retryInMs: number) => void;
}

/**
 * Copies all assets below a path. Skips assets that already exist with the same size, time and type, so repeating an
 * interrupted import resumes it. If something cannot be read or copied, it is named, and the others still are. Ends early, without an error, when
 * `signal` is aborted.
 */
export async function importAssets(root: string, tools: ImportTools): Promise<ImportProgress> {
  const progress = { created: 0, replaced: 0, unchanged: 0, failed: 0, hidden: 0 };
  const underWay = new Set<Promise<void>>();
  let broken: Error | undefined;
  const scan = tools.source.scan(scopeOf([root], [], { fileTypes: [] }), {
    pageSize: PAGE,
    ...(tools.signal ? { signal: tools.signal } : {}),
  });
  for await (const { assets, hidden = 0 } of scan) {
    progress.hidden += hidden;
    for (const { path, unreadable } of assets) if (unreadable) fail(path, unreadable, progress, tools);
    for (const batch of batchesOf([...assets].filter(({ unreadable }) => !unreadable))) {
      if (broken !== undefined || tools.signal?.aborted) break;
      const one = putBatch(batch, progress, tools)
        .catch((error: unknown) => void (broken ??= error as Error))
        .finally(() => underWay.delete(one));
      underWay.add(one);
      if (underWay.size >= IN_FLIGHT) await Promise.race(underWay);
    }
    if (broken !== undefined || tools.signal?.aborted) break;
  }
  await Promise.all(underWay);
  if (broken !== undefined && !tools.signal?.aborted) throw broken;
  return progress;
}

type Counts = { -readonly [K in keyof ImportProgress]: number };

async function putBatch(batch: readonly Asset[], progress: Counts, tools: ImportTools): Promise<void> {
  const { source, sink, target, signal } = tools;
  const nodes = await answered(tools, () => target.stat(batch.map(({ path }) => path)));
  const open = batch.filter((asset, i) => {
    const node = nodes?.[i];
    return !(node?.kind === "asset" && isSame(node.asset, asset));
  });
  progress.unchanged += batch.length - open.length;
  const incoming = open.map((asset) => ({
    asset,
    content: (stop?: AbortSignal) => source.read(asset.path, stop),
  }));
  const ends = incoming.length === 0 ? [] : await answered(tools, () => sink.put(incoming, signal));
  ends?.forEach((end, i) => count(end, open[i]?.path ?? "", progress, tools));
  tools.onProgress(progress);
}

function count(end: PutEnd | AssetmillError, path: string, progress: Counts, tools: ImportTools): void {
  if (AssetmillError.is(end)) fail(path, end, progress, tools);
  else progress[end.end]++;
}

function fail(path: string, why: AssetmillError | Unreadable, progress: Counts, tools: ImportTools): void {
  progress.failed++;
  tools.onFailure(path, why);
}

const isSame = (there: Asset, asset: Asset): boolean =>
  there.sizeBytes === asset.sizeBytes && there.modifiedMs === asset.modifiedMs && there.fileType === asset.fileType;

/** Retries an action while it is UNAVAILABLE. Returns undefined if the import is told to stop meanwhile. */
async function answered<T>(tools: ImportTools, action: () => Promise<T>): Promise<T | undefined> {
  const { signal } = tools;
  if (signal?.aborted) return undefined;
  try {
    return await retryWhileUnavailable(action, { ...tools, over: signal });
  } catch (error) {
    if (signal?.aborted && isUnavailable(error)) return undefined;
    throw error;
  }
}

/** Splits assets into batches that are few and small enough for one put. */
function* batchesOf(assets: readonly Asset[]): Iterable<readonly Asset[]> {
  let batch: Asset[] = [];
  let bytes = 0;
  for (const asset of assets) {
    if (batch.length > 0 && (batch.length === BATCH || bytes + asset.sizeBytes > BATCH_BYTES)) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(asset);
    bytes += asset.sizeBytes;
  }
  if (batch.length > 0) yield batch;
}
