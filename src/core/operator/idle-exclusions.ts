import { ancestorsOf } from "../asset/path.js";
import { PathSet } from "../asset/path-set.js";
import type { JobRequest } from "../job/job-request.js";
import type { AssetRepository } from "../ports/asset-repository.js";

/** Most excluded paths that are looked up for one request, and at once: a start must not wait for long. */
const MAX_LOOKED_UP = 1_000;
const PAGE = 200;
/** Most paths that are named. */
const MAX_NAMED = 20;

/**
 * Returns a sentence for each excluded path that leaves nothing out, for people to read: most likely it is mistyped. It is
 * legal all the same, because a list of exclusions may outlive what it names.
 */
export async function idleExclusions(request: JobRequest, repository: AssetRepository): Promise<readonly string[]> {
  const { paths, excludedPaths = [] } = request;
  // A path at or above a root leaves all of it out.
  const aboveRoots = new Set(paths.flatMap((root) => [root, ...ancestorsOf(root)]));
  const roots = new PathSet(paths);
  const open = excludedPaths.filter((excluded) => !aboveRoots.has(excluded));
  const outside = open.filter((excluded) => !roots.contains(excluded));
  const isOutside = new Set(outside);
  const missing = await missingOf(
    open.filter((excluded) => !isOutside.has(excluded)).slice(0, MAX_LOOKED_UP),
    repository,
  );
  const named = [...outside, ...missing].slice(0, MAX_NAMED);
  const sentences: string[] = [];
  for (const path of named) {
    const why = isOutside.has(path) ? `is outside the job's paths${hint(path)}` : await whyAbsent(path, repository);
    sentences.push(`Excluded path ${path} leaves nothing out: it ${why}`);
  }
  const more = outside.length + missing.length - named.length;
  return more <= 0 ? sentences : [...sentences, `${more} more excluded paths leave nothing out`];
}

const whyAbsent = async (path: string, repository: AssetRepository): Promise<string> =>
  (await repository.whyAbsent?.(path)) ?? `does not exist${hint(path)}`;

const hint = (path: string): string =>
  /[*?[]/.test(path) ? "; patterns are not supported, name a folder or an asset" : "";

async function missingOf(paths: readonly string[], repository: AssetRepository): Promise<readonly string[]> {
  const missing: string[] = [];
  for (let i = 0; i < paths.length; i += PAGE) {
    const page = paths.slice(i, i + PAGE);
    // A path that cannot be looked up (a closed folder above it) may well exist, and is no reason to refuse the job.
    const nodes = await repository.stat(page).catch(() => undefined);
    if (nodes) missing.push(...page.filter((_path, j) => nodes[j] === undefined));
  }
  return missing;
}
