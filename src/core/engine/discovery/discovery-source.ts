import type { Asset } from "../../asset/asset.js";
import type { AssetList } from "../../asset/asset-list.js";
import type { Job } from "../../job/job.js";
import { scopeOfRequest } from "../../job/job-request.js";
import { comparePaths } from "../../asset/path.js";
import { PathSet } from "../../asset/path-set.js";
import { failuresOf } from "./failures-source.js";
import type { SourcePage, SourceTools, Walk } from "./source-page.js";

/**
 * Yields what discovery must process, in path order: the job's scope, or the failed assets of the job that it retries.
 */
export function discoverySource(job: Job, walk: Walk, tools: SourceTools): AsyncIterable<SourcePage> {
  const { failedOf } = job.request;
  return failedOf === undefined ? jobScope(job, walk, tools) : failuresOf(failedOf, job, walk, tools);
}

async function* jobScope(job: Job, { after, ...walk }: Walk, { repository }: SourceTools) {
  const scan = repository.scan(scopeOfRequest(job.request), { ...(after === undefined ? {} : { after }), ...walk });
  const missing = new MissingRoots(job, after);
  for await (const { assets, upTo, hidden = 0 } of scan) {
    yield { assets: missing.mergedInto(assets, upTo), upTo, hidden };
  }
  const rest = missing.mergedInto([], undefined);
  const last = rest.at(rest.length - 1)?.path;
  if (last !== undefined) yield { assets: rest, upTo: last };
}

/** The roots of a listing that do not exist. They are listed all the same, in path order. */
class MissingRoots {
  readonly #paths: string[];

  constructor({ request }: Job, after: string | undefined) {
    const { listing, excludedPaths = [] } = request;
    const excluded = new PathSet(excludedPaths);
    this.#paths = (listing?.missing ?? [])
      .filter((path) => !excluded.contains(path))
      .filter((path) => after === undefined || comparePaths(path, after) > 0)
      .sort(comparePaths);
  }

  /**
   * Adds the missing roots up to this path, or all that are left. A root that was created meanwhile is listed only
   * once.
   */
  mergedInto(assets: AssetList, upTo: string | undefined): AssetList {
    if (this.#paths.length === 0) return assets;
    const due = this.#paths.findIndex((path) => upTo !== undefined && comparePaths(path, upTo) > 0);
    const passed = this.#paths.splice(0, due < 0 ? this.#paths.length : due);
    const all = [...assets];
    const found = new Set(all.map(({ path }) => path));
    for (const path of passed) if (!found.has(path)) all.push(nothingAt(path));
    return all.sort((a, b) => comparePaths(a.path, b.path));
  }
}

const nothingAt = (path: string): Asset => ({
  path,
  fileType: "OTHERS",
  sizeBytes: 0,
  createdMs: 0,
  modifiedMs: 0,
});
