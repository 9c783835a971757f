import { randomUUID } from "node:crypto";
import type { Asset } from "../../src/core/asset.js";
import type { ChunkClaim, ChunkPart, DiscoveryClaim, DiscoveryPage, ManifestEntry } from "../../src/core/chunk.js";
import type { Job, JobDraft } from "../../src/core/job.js";
import type { JobRequest } from "../../src/core/job-request.js";
import type { LogEntry } from "../../src/core/log-entry.js";
import type { Outcome } from "../../src/core/outcome.js";
import type { AssetWrite } from "../../src/core/ports/asset-repository.js";
import type { ClaimRequest } from "../../src/core/ports/chunk-store.js";
import { TallyCounter } from "../../src/core/tally.js";
import { entriesOf, pathsOf, SUCCEEDED } from "./builders.js";
import type { Stores } from "./sqlite-store.js";

/** The steps that a job takes in a store, one call each. */

export const requestOf = (over: Partial<JobRequest> = {}): JobRequest => ({
  type: "ASSET_PROCESSING",
  paths: ["/root"],
  priority: 5,
  ...over,
});

export const draftOf = (over: Partial<JobDraft> = {}, request: Partial<JobRequest> = {}): JobDraft => ({
  id: randomUUID(),
  request: requestOf(request),
  repository: "folder:/r",
  handlers: ["h"],
  createdBy: "ann",
  ...over,
});

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

/** A page of discovery over these entries, cut into chunks. */
export function pageOf(
  claim: Pick<DiscoveryClaim, "part" | "nextChunk">,
  entries: readonly ManifestEntry[],
  options: { chunkSize?: number; last?: boolean } = {},
): DiscoveryPage {
  const { chunkSize = 10, last = true } = options;
  const tally = new TallyCounter();
  for (const { asset, skip } of entries) {
    tally.found(asset.fileType);
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
    final: entries.at(-1)?.asset.path,
    cursor: entries.at(-1)?.asset.path,
    tally: tally.take(),
    last,
  };
}

/** One commit's worth of a chunk: these indices, ended this way. Closes the chunk where nothing is left open. */
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
    const asset = claim.entries[index]?.asset as Asset;
    const ended = outcome(asset, index);
    tally.ended(asset.fileType, ended);
    return { index, outcome: ended, ageMs: 0 };
  });
  return {
    lease: claim.lease,
    part,
    outcomes,
    closes: options.closes ?? indices.length === claim.open.length,
    tally: tally.take(),
    writes: options.writes ?? [],
    lines: options.lines ?? [],
    pace: { types: {}, elapsedMs: 1 },
  };
}

/** Claims a job's discovery. */
export async function claimDiscovery(
  stores: Stores,
  job: Job,
  over: Partial<ClaimRequest> = {},
): Promise<DiscoveryClaim> {
  const [claim] = await stores.chunks.claim(claimRequest({ chunks: 0, jobId: job.id, ...over }));
  if (!claim?.discovery) throw new Error("discovery could not be claimed");
  return claim.discovery;
}

/** Claims as many chunks of a job as there are, or as are asked for. */
export async function claimChunks(
  stores: Stores,
  job: Job,
  over: Partial<ClaimRequest> = {},
): Promise<readonly ChunkClaim[]> {
  const [claim] = await stores.chunks.claim(claimRequest({ discoveries: 0, jobId: job.id, ...over }));
  return claim?.chunks ?? [];
}

/** A job whose discovery is complete. */
export async function discoveredJob(
  stores: Stores,
  count: number,
  options: {
    chunkSize?: number;
    draft?: JobDraft;
    entries?: readonly ManifestEntry[];
  } = {},
): Promise<Job> {
  const job = await stores.jobs.create(options.draft ?? draftOf(), () => {});
  const discovery = await claimDiscovery(stores, job);
  const entries = options.entries ?? entriesOf(pathsOf(count));
  const page = pageOf(discovery, entries, { chunkSize: options.chunkSize ?? 10 });
  return (await stores.chunks.addPage(discovery.lease, page)).job;
}
