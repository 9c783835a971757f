import { AssetmillError } from "../errors.js";
import { formatCursor, type OutcomeCursor } from "../job/cursor.js";
import type { Job } from "../job/job.js";
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

/** Jobs looked at for the latest outcome; what is older rests on the stamp. */
const MAX_JOBS = 100;

/**
 * How the assets that a listing job found stand now. The newest job of the repository that has an outcome for an asset,
 * or is at work where it lies, decides; where there is none, its stamp does.
 */
export async function assetStatusPage(
  listing: Job,
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

/** JOB_NOT_FOUND for a job that lists nothing: its id was not given by an asset status request. */
export function listingOnly(job: Job): Job {
  if (job.request.listing) return job;
  throw new AssetmillError("JOB_NOT_FOUND", `job ${job.id} is no asset status request`, { ids: { jobId: job.id } });
}

async function latestStatuses(
  repository: string,
  paths: readonly string[],
  { jobs, reports }: AssetStatusTools,
): Promise<readonly (AssetStatus | undefined)[]> {
  const statuses = new Map<string, AssetStatus>();
  const first = paths[0];
  const candidates = first === undefined ? [] : await jobs.list({ repository, limit: MAX_JOBS, holding: true });
  for (const job of candidates) {
    const scope = scopeOfRequest(job.request);
    const open = paths.filter((path) => !statuses.has(path) && covers(scope, path));
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

/** Undefined where this job says nothing about the asset. */
function statusBy(job: Job, outcome: ReportedOutcome | null | undefined): AssetStatus | undefined {
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
