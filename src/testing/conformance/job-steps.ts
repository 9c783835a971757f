import type { Asset } from "../../core/asset/asset.js";
import type { ChunkClaim, ChunkPart, DiscoveryClaim, DiscoveryPage, ManifestEntry } from "../../core/job/chunk.js";
import type { Job, JobDraft } from "../../core/job/job.js";
import type { JobRequest } from "../../core/job/job-request.js";
import type { LogEntry } from "../../core/job/log-entry.js";
import type { Failed, Outcome, Skipped, Succeeded } from "../../core/asset/outcome.js";
import type { AssetWrite } from "../../core/asset/asset-result.js";
import type { ChunkStore, ClaimRequest } from "../../core/ports/chunk-store.js";
import type { JobQuery, JobStore } from "../../core/ports/job-store.js";
import { Outcomes } from "../../core/job/outcomes.js";
import { TallyCounter } from "../../core/job/tally.js";

/** A job's steps in a store, one function each, and their inputs. */

export const assetOf = (path: string, over: Partial<Asset> = {}): Asset => ({
  path,
  fileType: "DITATOPIC",
  sizeBytes: 10,
  createdMs: 1_000,
  modifiedMs: 2_000,
  ...over,
});

/** `/root/a0000`, `/root/a0001`, …: path order is the order of their numbers. */
export const pathsOf = (count: number, root = "/root"): string[] =>
  Array.from({ length: count }, (_, i) => `${root}/a${String(i).padStart(4, "0")}`);

export const entriesOf = (paths: readonly string[]): ManifestEntry[] => paths.map((path) => ({ asset: assetOf(path) }));

export const SUCCEEDED: Succeeded = Object.freeze({ kind: "SUCCEEDED", attempts: 1, warnings: [] });

export const failedWith = (code: string, message = "broken"): Failed => ({
  kind: "FAILED",
  code,
  message,
  handler: "h",
  attempts: 1,
});

export const skippedFor = (code: Skipped["code"]): Skipped => ({ kind: "SKIPPED", code, attempts: 0 });

export const requestOf = (over: Partial<JobRequest> = {}): JobRequest => ({
  type: "ASSET_PROCESSING",
  paths: ["/root"],
  priority: 5,
  ...over,
});

export const draftOf = (over: Partial<JobDraft> = {}, request: Partial<JobRequest> = {}): JobDraft => ({
  id: crypto.randomUUID(),
  request: requestOf(request),
  repository: "folder:/r",
  handlers: ["h"],
  createdBy: "ann",
  ...over,
});

/** Makes a draft with one path. */
export const draftAt = (path: string, request: Partial<JobRequest> = {}, draft: Partial<JobDraft> = {}): JobDraft =>
  draftOf(draft, { paths: [path], ...request });

export const idsOf = async (jobs: Pick<JobStore, "list">, query: Partial<JobQuery>): Promise<readonly string[]> =>
  (await jobs.list({ limit: 99, ...query })).jobs.map(({ id }) => id);

export const claimRequest = (over: Partial<ClaimRequest> = {}): ClaimRequest => ({
  owner: "node-1",
  ttlMs: 60_000,
  repository: "folder:/r",
  handlers: ["h"],
  chunks: 100,
  discoveries: 1,
  isKnownDead: () => false,
  ...over,
});

/** Makes a page of discovery with these entries, split into chunks. */
export function pageOf(
  claim: Pick<DiscoveryClaim, "part" | "nextChunk">,
  entries: readonly ManifestEntry[],
  options: { chunkSize?: number; complete?: boolean } = {},
): DiscoveryPage {
  const { chunkSize = 10, complete = true } = options;
  const tally = new TallyCounter();
  for (const { asset, skip } of entries) {
    tally.found(asset.fileType, skip ? 0 : asset.sizeBytes);
    if (skip) tally.skipped(asset.fileType, skip);
  }
  const chunks = [];
  for (let i = 0; i < entries.length; i += chunkSize) {
    const own = entries.slice(i, i + chunkSize);
    const open = own.filter(({ skip }) => !skip).length;
    chunks.push({ number: claim.nextChunk + chunks.length, entries: own, open });
  }
  return {
    part: claim.part,
    chunks,
    first: entries[0]?.asset.path,
    last: entries.at(-1)?.asset.path,
    cursor: entries.at(-1)?.asset.path,
    tally: tally.take(),
    complete,
  };
}

/** Makes a part of a chunk in which these indices ended this way. It closes the chunk if nothing is left open. */
export function partOf(
  claim: ChunkClaim,
  options: {
    part?: number;
    indices?: readonly number[];
    outcome?: (asset: Asset, index: number) => Outcome;
    closes?: boolean;
    lines?: readonly LogEntry[];
    writes?: readonly AssetWrite[];
  } = {},
): ChunkPart {
  const { part = 0, indices = claim.open, outcome = () => SUCCEEDED } = options;
  const tally = new TallyCounter();
  const outcomes = indices.map((index) => {
    const asset = claim.entries.at(index)?.asset;
    if (!asset) throw new Error(`the chunk has no index ${index}`);
    const ended = outcome(asset, index);
    tally.ended(asset.fileType, ended, asset.sizeBytes);
    return { index, outcome: ended, ageMs: 0 };
  });
  return {
    lease: claim.lease,
    part,
    outcomes: Outcomes.of(outcomes),
    closes: options.closes ?? indices.length === claim.open.length,
    advances: claim.open[0] !== undefined && indices.includes(claim.open[0]),
    tally: tally.take(),
    writes: options.writes ?? [],
    lines: options.lines ?? [],
    warnings: outcomes.reduce(
      (sum, { outcome }) =>
        sum + (outcome.kind === "SUCCEEDED" ? outcome.warnings.length + (outcome.moreWarnings ?? 0) : 0),
      0,
    ),
    pace: { types: {}, elapsedMs: 1 },
  };
}

/** Makes the results of an asset for a part. */
export const writeOf = (path: string): AssetWrite => ({
  path,
  properties: {},
  references: {},
  stamp: { sizeBytes: 1, modifiedMs: 1, contentHash: null, handlers: {} },
  jobId: "job",
});

/** The stores of a node that these steps use. */
export interface StepStores {
  readonly jobs: JobStore;
  readonly chunks: ChunkStore;
}

/** Claims a job's discovery. */
export async function claimDiscovery(
  stores: StepStores,
  job: Pick<Job, "id">,
  over: Partial<ClaimRequest> = {},
): Promise<DiscoveryClaim> {
  const [claim] = await stores.chunks.claim(claimRequest({ chunks: 0, jobId: job.id, ...over }));
  if (!claim?.discovery) throw new Error("discovery could not be claimed");
  return claim.discovery;
}

/** Claims all chunks of a job, or as many as requested. */
export async function claimChunks(
  stores: StepStores,
  job: Pick<Job, "id">,
  over: Partial<ClaimRequest> = {},
): Promise<readonly ChunkClaim[]> {
  const [claim] = await stores.chunks.claim(claimRequest({ discoveries: 0, jobId: job.id, ...over }));
  return claim?.chunks ?? [];
}

/** Creates a job and completes its discovery. */
export async function discoveredJob(
  stores: StepStores,
  count: number,
  options: {
    chunkSize?: number;
    draft?: JobDraft;
    entries?: readonly ManifestEntry[];
  } = {},
): Promise<Job> {
  const job = await stores.jobs.create(options.draft ?? draftOf(), async () => {});
  const discovery = await claimDiscovery(stores, job);
  const entries = options.entries ?? entriesOf(pathsOf(count));
  const page = pageOf(discovery, entries, { chunkSize: options.chunkSize ?? 10 });
  return (await stores.chunks.addPage(discovery.lease, page)).job;
}
