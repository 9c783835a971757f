import type { Asset } from "../../asset/asset.js";
import { comparePaths, isWithin } from "../../asset/path.js";
import { scopeOf } from "../../asset/scope.js";
import { unreadableAt, unreadableBy } from "../../asset/unreadable.js";
import type { SkipCode } from "../../asset/outcome.js";
import type { OutcomeCursor } from "../../job/cursor.js";
import type { Job } from "../../job/job.js";
import { scopeOfRequest } from "../../job/job-request.js";
import type { SourcePage, SourceTools, Walk } from "./source-page.js";

/**
 * Yields all failed assets of a job in their current state; those that no longer exist as GONE. What could not be read is
 * scanned again: if it was a folder, everything in it failed.
 */
export async function* failuresOf(
  failedOf: string,
  job: Job,
  walk: Walk,
  tools: SourceTools,
): AsyncGenerator<SourcePage> {
  const { after, pageSize, signal } = walk;
  let from: OutcomeCursor | undefined;
  do {
    const { assets, next } = await tools.reports.assets(failedOf, {
      kinds: ["FAILED"],
      limit: pageSize,
      ...(from ? { after: from } : {}),
    });
    from = next;
    for (const run of runsOf(assets.filter((asset) => isOpen(asset, after)))) {
      const [first] = run;
      if (first?.unreadable) yield* scannedAgain(first, job, walk, tools);
      else yield* lookedUp(run, walk, tools);
      if (signal.aborted) return;
    }
  } while (from && !signal.aborted);
}

/** Whether a walk that resumes after a path still has to yield this failure, or some of what lies below it. */
const isOpen = ({ path, unreadable }: Asset, after: string | undefined): boolean =>
  after === undefined || comparePaths(path, after) > 0 || (unreadable !== undefined && isWithin(after, path));

/** Splits assets into runs that are looked up together, and single ones that must be scanned. */
function* runsOf(assets: readonly Asset[]): Generator<readonly Asset[]> {
  let run: Asset[] = [];
  for (const asset of assets) {
    if (!asset.unreadable) {
      run.push(asset);
      continue;
    }
    if (run.length > 0) yield run;
    yield [asset];
    run = [];
  }
  if (run.length > 0) yield run;
}

async function* lookedUp(
  assets: readonly Asset[],
  { signal }: Walk,
  { repository }: SourceTools,
): AsyncGenerator<SourcePage> {
  const paths = assets.map(({ path }) => path);
  const nodes = await repository.stat(paths, signal).catch((error: unknown) => {
    if (signal.aborted) return undefined;
    throw error;
  });
  const upTo = paths.at(-1);
  if (!nodes || upTo === undefined) return;
  const skips = new Map<number, SkipCode>();
  const now = assets.map((asset, i) => {
    const node = nodes[i];
    if (node?.kind === "asset") return node.asset;
    skips.set(i, "GONE");
    return asset;
  });
  yield { assets: now, skips, upTo };
}

async function* scannedAgain(
  asset: Asset,
  { request }: Job,
  { after, pageSize, signal }: Walk,
  { repository }: SourceTools,
): AsyncGenerator<SourcePage> {
  const { path } = asset;
  const { excluded, filter } = scopeOfRequest(request);
  const options = { ...(after === undefined ? {} : { after }), pageSize, signal };
  const isNew = after === undefined || comparePaths(path, after) > 0;
  try {
    for await (const { assets, upTo, hidden = 0 } of repository.scan(scopeOf([path], excluded, filter), options)) {
      yield { assets, upTo, hidden };
    }
    const [node] = isNew && !signal.aborted ? await repository.stat([path], signal) : [{}];
    if (!node) yield { assets: [asset], skips: new Map([[0, "GONE"]]), upTo: path };
  } catch (error) {
    if (signal.aborted) return;
    const unreadable = unreadableBy(error);
    if (!unreadable || !isNew) throw error;
    yield { assets: [unreadableAt(path, unreadable)], upTo: path };
  }
}
