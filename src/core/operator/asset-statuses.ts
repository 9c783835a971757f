import { AssetmillError } from "../errors.js";
import { formatCursor, type OutcomeCursor } from "../job/cursor.js";
import type { ListedJob } from "../job/listed-job.js";
import { holdsScope, scopeOfRequest } from "../job/job-request.js";
import type { ReportedOutcome } from "../asset/outcome.js";
import type { AssetResult } from "../asset/asset-result.js";
import type { AssetRepository } from "../ports/asset-repository.js";
import type { JobReports } from "../ports/job-reports.js";
import type { JobStore } from "../ports/job-store.js";
import { covers } from "../asset/scope.js";
import { ASSET_STATUSES, type AssetStatus, type AssetStatusEntry, type AssetStatusPage } from "../job/asset-status.js";

export interface AssetStatusTools {
  readonly jobs: JobStore;
  readonly reports: JobReports;
  readonly repository: AssetRepository;
}

/** Number of recent jobs searched for an asset's latest outcome. For older outcomes the stamp decides. */
const MAX_JOBS = 100;

/**
 * Returns the current status of the assets that a listing job found. It comes from the repository's newest job that has
 * an outcome for the asset or is processing it; without such a job, from the asset's stamp.
 */
export async function assetStatusPage(
  listing: ListedJob,
  query: { readonly after: OutcomeCursor | undefined; readonly limit: number },
  tools: AssetStatusTools,
): Promise<AssetStatusPage> {
  const { reports, repository } = tools;
  const { after, limit } = query;
  const listed = await reports.assets(listing.id, { limit, ...(after ? { after } : {}) });
  const paths = listed.assets.map(({ path }) => path);
  const [nodes, results, statuses] = await Promise.all([
    repository.stat(paths),
    repository.results(paths),
    latestStatuses(listing.repository, paths, tools),
  ]);
  const assets = paths.map((path, i): AssetStatusEntry => {
    const result = results[i];
    return {
      path,
      uuid: uuidOf(result),
      status: statuses[i] ?? (result ? "SUCCESS" : "PENDING"),
      exists: nodes[i]?.kind === "asset",
    };
  });
  return {
    jobId: listing.id,
    status: listing.state.status,
    assets,
    counts: countsOf(assets),
    ...(listed.next ? { next: formatCursor(listed.next) } : {}),
  };
}

/** Returns the job if an asset status request started it; throws JOB_NOT_FOUND otherwise. */
export function listingOnly(job: ListedJob): ListedJob {
  if (job.request.listing) return job;
  throw new AssetmillError("JOB_NOT_FOUND", `job ${job.id} is not an asset status request`, { ids: { jobId: job.id } });
}

async function latestStatuses(
  repository: string,
  paths: readonly string[],
  { jobs, reports }: AssetStatusTools,
): Promise<readonly (AssetStatus | undefined)[]> {
  const statuses = new Map<string, AssetStatus>();
  if (paths.length === 0) return [];
  for await (const job of recentJobs(repository, jobs)) {
    const isPossible = mayCover(job);
    const open = paths.filter((path) => !statuses.has(path) && isPossible(path));
    if (open.length === 0 || !holdsScope(job.request)) continue;
    const outcomes = await reports.outcomesAt(job.id, open);
    open.forEach((path, i) => {
      const status = statusBy(job, outcomes[i]);
      if (status) statuses.set(path, status);
    });
    if (statuses.size === paths.length) break;
  }
  return paths.map((path) => statuses.get(path));
}

/** Yields the newest jobs of the repository that hold their scope while active; MAX_JOBS at most. */
async function* recentJobs(repository: string, jobs: JobStore): AsyncGenerator<ListedJob, void> {
  for (let left = MAX_JOBS, before: { beforeSequence?: number } = {}; left > 0;) {
    const page = await jobs.list({ repository, limit: left, holding: true, ...before });
    yield* page.jobs;
    const last = page.jobs.at(-1);
    if (!page.more || !last) return;
    left -= page.jobs.length;
    before = { beforeSequence: last.sequence };
  }
}

/**
 * Returns whether a path may be in the job's scope. What the list does not show of the request may decide otherwise, and
 * so does the job's own report.
 */
function mayCover({ request: { paths, excludedPaths, filter } }: ListedJob): (path: string) => boolean {
  if (paths.count > paths.first.length) return () => true;
  const scope = scopeOfRequest({
    paths: paths.first,
    ...(excludedPaths ? { excludedPaths: excludedPaths.first } : {}),
    ...(filter ? { filter } : {}),
  });
  return (path) => covers(scope, path);
}

/** Returns an asset's status by its outcome in this job; undefined if the job does not determine it. */
function statusBy(job: ListedJob, outcome: ReportedOutcome | null | undefined): AssetStatus | undefined {
  if (outcome?.outcome === "SUCCEEDED" || outcome?.code === "UNCHANGED") return "SUCCESS";
  if (outcome?.outcome === "FAILED") return "FAILURE";
  if (outcome !== null) return undefined;
  if (job.state.status === "PROCESSING" || job.state.status === "CANCELLING") return "PROCESSING";
  return job.state.status === "WAITING" || job.state.status === "PAUSED" ? "PENDING" : undefined;
}

function uuidOf(result: AssetResult | undefined): string | null {
  const uuid = result?.properties.fmUuid;
  return typeof uuid === "string" ? uuid : null;
}

function countsOf(assets: readonly AssetStatusEntry[]): Record<AssetStatus, number> {
  const counts = Object.fromEntries(ASSET_STATUSES.map((status) => [status, 0])) as Record<AssetStatus, number>;
  for (const { status } of assets) counts[status]++;
  return counts;
}
