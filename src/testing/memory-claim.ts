import { isClaimable } from "../core/job/job.js";
import { mustWait } from "../core/job/job-queue.js";
import { claimed, giveUp } from "../core/job/job-transitions.js";
import { DISCOVERY } from "../core/job/lease.js";
import { type ClaimDecision, decideClaim, isCareful, poisoned, released } from "../core/job/lease-rules.js";
import { byLag, type Claimant, shareOut, wantedChunks, weightOf } from "../core/job/share.js";
import type { Claim, ClaimRequest, WaitingWork } from "../core/ports/chunk-store.js";
import {
  factsOf,
  holdJob,
  type MemoryChunk,
  type MemoryDiscovery,
  type MemoryJob,
  type MemoryLease,
  type MemoryTransaction,
  rivalsOf,
  storeChange,
} from "./memory-database.js";

type Wanted = Pick<ClaimRequest, "chunks" | "discoveries">;
type FreeLease = MemoryDiscovery | MemoryChunk;
type Taken = ClaimDecision<FreeLease>["take"][number];

/** Claims free work in path order, shared among jobs. */
export function claimWork(tx: MemoryTransaction, request: ClaimRequest): readonly Claim[] {
  const claims: Claim[] = [];
  let { discoveries, alone } = request;
  const claimants = candidates(tx, request).map((held) => claimant(tx, held, request));
  const shares = shareOut(claimants, wantedChunks(request));
  for (const { id } of claimants.sort(byLag)) {
    const claim = take(tx, holdJob(tx, id), { ...request, alone }, { chunks: shares.get(id) ?? 0, discoveries });
    if (!claim) continue;
    if (claim.discovery) discoveries--;
    alone = false;
    claims.push(claim);
    if (claim.chunks.some(({ careful }) => careful)) break;
  }
  return claims;
}

/** Returns what this worker could do, but nobody does. */
export function waitingWork(tx: MemoryTransaction, request: ClaimRequest): WaitingWork {
  const found = candidates(tx, request);
  const claimants = found.map((held) => claimant(tx, held, { ...request, alone: false })).sort(byLag);
  return {
    care: found.some(({ chunks }) => chunks.some(waitsForCare)),
    unserved: claimants.filter(({ held, ready, discovery }) => held === 0 && (ready > 0 || discovery)),
  };
}

function claimant(tx: MemoryTransaction, held: MemoryJob, request: ClaimRequest): Claimant {
  const { job, discovery, chunks } = held;
  const free = freeLeases(tx, held, request, request.alone ?? false);
  return {
    id: job.id,
    sequence: job.sequence,
    weight: weightOf(job),
    held: [discovery, ...chunks].filter(({ state }) => state === "LEASED").length,
    waitedMs: tx.nowMs - (job.claimedAtMs || job.createdAtMs),
    ready: free.filter(({ chunk }) => chunk !== DISCOVERY).length,
    discovery: free.some(({ chunk }) => chunk === DISCOVERY),
    needsCare: (request.alone ?? false) && chunks.some(waitsForCare),
  };
}

const waitsForCare = (chunk: MemoryChunk): boolean => chunk.state === "READY" && isCareful(chunk);

/** Jobs of the repository that this worker has all handlers for, and that do not wait for an earlier job. */
const candidates = (tx: MemoryTransaction, request: ClaimRequest): readonly MemoryJob[] =>
  [...tx.state.jobs.values()]
    .filter(({ job }) => job.repository === request.repository)
    .filter(({ job }) => request.jobId === undefined || job.id === request.jobId)
    .filter(({ job }) => job.handlers.every((handler) => request.handlers.includes(handler)))
    .filter(({ job }) => isClaimable(job) && !mustWait(job, rivalsOf(tx, job.repository, job.request.type, job.id)));

function take(tx: MemoryTransaction, held: MemoryJob, request: ClaimRequest, wanted: Wanted): Claim | undefined {
  const alone = request.alone ?? false;
  const free = freeLeases(tx, held, request, alone);
  const { take: taken, putBack, giveUp: tooManyDeaths } = decideClaim(free, { ...wanted, alone });
  const leases = taken.map(({ lease }) => lease);
  for (const lease of leases) store(held, { ...lease, owner: request.owner, untilMs: tx.nowMs + request.ttlMs });
  for (const lease of putBack) store(held, { ...lease, owner: undefined });
  if (leases.length === 0 && tooManyDeaths === undefined) return undefined;
  const careful = leases.find(isCareful);
  const work = {
    newlyTriggered: leases.reduce((sum, lease) => sum + (lease.epoch === 1 ? lease.triggerable : 0), 0),
    takenOver: taken.filter(({ takenOver }) => takenOver).length,
    ...(careful ? { careful: careful.chunk } : {}),
  };
  const change = claimed(held.job, work, { leased: true, nowMs: tx.nowMs });
  // Cannot happen: candidates are claimable, and nobody else writes meanwhile.
  if (!change) throw new Error("a claimable job is no longer claimable");
  const job = storeChange(tx, held, change);
  if (tooManyDeaths !== undefined) {
    for (const lease of [...leases, ...putBack]) store(held, { ...released(lease), owner: undefined });
    storeChange(tx, held, giveUp(job, tooManyDeaths, factsOf(tx, held)));
    return undefined;
  }
  const discovery = taken.map((one) => discoveryClaim(job.id, one)).find((claim) => claim !== undefined);
  const chunks = taken.flatMap((one) => chunkClaim(job.id, one));
  return { job, ...(discovery ? { discovery } : {}), chunks };
}

/** Discovery first, then chunks in path order. For a worker that is alone: careful chunks first; for others: none. */
function freeLeases(
  tx: MemoryTransaction,
  { job, discovery, chunks }: MemoryJob,
  request: ClaimRequest,
  alone: boolean,
): readonly FreeLease[] {
  const isHeld = ({ chunk, epoch }: MemoryLease): boolean =>
    (request.holding ?? []).some((one) => one.jobId === job.id && one.chunk === chunk && one.epoch === epoch);
  const free = [discovery, ...chunks].filter((lease) =>
    lease.state === "READY" ? alone || !isCareful(lease) : isExpired(tx, lease, request.isKnownDead) && !isHeld(lease),
  );
  return alone ? [...free.filter(isCareful), ...free.filter((lease) => !isCareful(lease))] : free;
}

/** Returns whether a lease is LEASED but has expired, or its owner is known to be dead. */
export const isExpired = (
  tx: MemoryTransaction,
  lease: MemoryLease,
  isKnownDead: (owner: string) => boolean,
): boolean =>
  lease.state === "LEASED" && (lease.untilMs <= tx.nowMs || (lease.owner !== undefined && isKnownDead(lease.owner)));

function store({ discovery, chunks }: MemoryJob, lease: FreeLease): void {
  const row = lease.chunk === DISCOVERY ? discovery : chunks.find(({ chunk }) => chunk === lease.chunk);
  if (row) Object.assign(row, lease);
}

const discoveryClaim = (jobId: string, { lease, takenOver }: Taken): Claim["discovery"] =>
  "cursor" in lease
    ? {
        lease: { jobId, chunk: DISCOVERY, epoch: lease.epoch },
        part: lease.part,
        cursor: lease.cursor,
        nextChunk: lease.nextChunk,
        takenOver,
      }
    : undefined;

function chunkClaim(jobId: string, { lease, takenOver }: Taken): Claim["chunks"] {
  if (!("entries" in lease)) return [];
  const { chunk, epoch, entries, outcomes } = lease;
  const index = poisoned(lease);
  const careful = index === undefined ? {} : { poisoned: index };
  const open = entries.flatMap((_, at) => (outcomes[at] === undefined ? [at] : []));
  return [{ lease: { jobId, chunk, epoch }, entries, open, takenOver, ...(isCareful(lease) ? { careful } : {}) }];
}
