import type { ManifestEntry } from "../chunk.js";
import type { Job } from "../job.js";
import { scopeOfRequest } from "../job-request.js";
import { comparePaths } from "../path.js";
import type { AssetRepository } from "../ports/asset-repository.js";
import type { JobReports, OutcomeCursor } from "../ports/job-reports.js";

export interface SourceTools {
  readonly repository: AssetRepository;
  readonly reports: JobReports;
}

interface Walk {
  /** Only what comes after this path. */
  readonly after: string | undefined;
  readonly pageSize: number;
  readonly signal: AbortSignal;
}

/** What discovery met, and how far it is. */
export interface SourcePage {
  readonly entries: readonly ManifestEntry[];
  readonly upTo: string;
}

/** What discovery walks through, in path order: the job's scope, or what failed in the job that it retries. */
export function discoverySource(job: Job, walk: Walk, tools: SourceTools): AsyncIterable<SourcePage> {
  const { failedOf } = job.request;
  return failedOf === undefined ? scopeOf(job, walk, tools) : failuresOf(failedOf, walk, tools);
}

async function* scopeOf(job: Job, { after, ...walk }: Walk, { repository }: SourceTools) {
  const scan = repository.scan(scopeOfRequest(job.request), { ...(after === undefined ? {} : { after }), ...walk });
  for await (const { assets, upTo } of scan) yield { entries: assets.map((asset) => ({ asset })), upTo };
}

/** As they stand now; those that are no longer there are GONE, none is left out. */
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
    const nodes = await repository.stat(open.map(({ path }) => path));
    const entries = open.map((asset, i): ManifestEntry => {
      const node = nodes[i];
      return node?.kind === "asset" ? { asset: node.asset } : { asset, skip: "GONE" };
    });
    yield { entries, upTo };
  } while (from && !signal.aborted);
}
