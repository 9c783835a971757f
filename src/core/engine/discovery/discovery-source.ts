import type { Asset } from "../../asset/asset.js";
import type { ManifestEntry } from "../../job/chunk.js";
import type { OutcomeCursor } from "../../job/cursor.js";
import type { Job } from "../../job/job.js";
import { scopeOfRequest } from "../../job/job-request.js";
import { comparePaths, isWithin } from "../../asset/path.js";
import type { AssetRepository } from "../../ports/asset-repository.js";
import type { JobReports } from "../../ports/job-reports.js";

export interface SourceTools {
  readonly repository: AssetRepository;
  readonly reports: JobReports;
}

interface Walk {
  /** Starts after this path. */
  readonly after: string | undefined;
  readonly pageSize: number;
  readonly signal: AbortSignal;
}

/** Entries that discovery found, and the path that it has reached. */
export interface SourcePage {
  readonly entries: readonly ManifestEntry[];
  readonly upTo: string;
}

/**
 * Yields what discovery must process, in path order: the job's scope, or the failed assets of the job that it retries.
 */
export function discoverySource(job: Job, walk: Walk, tools: SourceTools): AsyncIterable<SourcePage> {
  const { failedOf } = job.request;
  return failedOf === undefined ? scopeOf(job, walk, tools) : failuresOf(failedOf, walk, tools);
}

async function* scopeOf(job: Job, { after, ...walk }: Walk, { repository }: SourceTools) {
  const scan = repository.scan(scopeOfRequest(job.request), { ...(after === undefined ? {} : { after }), ...walk });
  const missing = new MissingRoots(job, after);
  for await (const { assets, upTo } of scan) {
    const entries = assets.map((asset) => ({ asset }));
    yield { entries: missing.mergedInto(entries, upTo), upTo };
  }
  const rest = missing.mergedInto([], undefined);
  const last = rest.at(-1)?.asset.path;
  if (last !== undefined) yield { entries: rest, upTo: last };
}

/** The roots of a listing that do not exist. They are listed all the same, in path order. */
class MissingRoots {
  readonly #paths: string[];

  constructor({ request }: Job, after: string | undefined) {
    const { listing, excludedPaths = [] } = request;
    this.#paths = (listing?.missing ?? [])
      .filter((path) => !excludedPaths.some((excluded) => isWithin(path, excluded)))
      .filter((path) => after === undefined || comparePaths(path, after) > 0)
      .sort(comparePaths);
  }

  /**
   * Adds the missing roots up to this path, or all that are left. A root that was created meanwhile is listed only
   * once.
   */
  mergedInto(entries: readonly ManifestEntry[], upTo: string | undefined): readonly ManifestEntry[] {
    if (this.#paths.length === 0) return entries;
    const due = this.#paths.findIndex((path) => upTo !== undefined && comparePaths(path, upTo) > 0);
    const passed = this.#paths.splice(0, due < 0 ? this.#paths.length : due);
    const found = new Set(entries.map(({ asset }) => asset.path));
    const added = passed.filter((path) => !found.has(path)).map((path) => ({ asset: nothingAt(path) }));
    return [...entries, ...added].sort((a, b) => comparePaths(a.asset.path, b.asset.path));
  }
}

const nothingAt = (path: string): Asset => ({
  path,
  fileType: "OTHERS",
  sizeBytes: 0,
  createdMs: 0,
  modifiedMs: 0,
});

/** Yields all failed assets of a job in their current state; those that no longer exist as GONE. */
async function* failuresOf(
  jobId: string,
  { after, pageSize, signal }: Walk,
  { repository, reports }: SourceTools,
): AsyncIterable<SourcePage> {
  let from: OutcomeCursor | undefined;
  do {
    const { assets, next } = await reports.assets(jobId, {
      kinds: ["FAILED"],
      limit: pageSize,
      ...(from ? { after: from } : {}),
    });
    from = next;
    const open = assets.filter(({ path }) => after === undefined || comparePaths(path, after) > 0);
    const upTo = open.at(-1)?.path;
    if (upTo === undefined) continue;
    const nodes = await repository
      .stat(
        open.map(({ path }) => path),
        signal,
      )
      .catch((error: unknown) => {
        if (signal.aborted) return undefined;
        throw error;
      });
    if (!nodes) return;
    const entries = open.map((asset, i): ManifestEntry => {
      const node = nodes[i];
      return node?.kind === "asset" ? { asset: node.asset } : { asset, skip: "GONE" };
    });
    yield { entries, upTo };
  } while (from && !signal.aborted);
}
