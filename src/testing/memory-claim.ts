import { DISCOVERY } from "../core/job/lease.js";
import type { ChunkClaim, DiscoveryClaim } from "../core/job/chunk.js";
import { isClaimable } from "../core/job/job.js";
import { mustWait } from "../core/job/job-queue.js";
import { claimed, giveUp } from "../core/job/job-transitions.js";
import type { Claim, ClaimRequest } from "../core/ports/chunk-store.js";
import {
  factsOf,
  type MemoryChunk,
  type MemoryJob,
  type MemoryLease,
  type MemoryTransaction,
  rivalsOf,
  storeChange,
} from "./memory-database.js";

/** Deaths of discovery in a row, without a page, after which the job gives up. */
const MAX_DISCOVERY_DEATHS = 3;

/** Deaths of a chunk's owners in a row, none with an outcome, after which the job gives up. */
const MAX_DEATHS = 10;
/** Charges in a row that make an asset POISON. */
const MAX_CHARGES = 3;

type Wanted = Pick<ClaimRequest, "chunks" | "discoveries">;

/** Takes what is free: by priority, then creation, then path order. */
export function claimWork(tx: MemoryTransaction, request: ClaimRequest): readonly Claim[] {
  const claims: Claim[] = [];
  let { chunks, discoveries, alone } = request;
  const found = candidates(tx, request);
  const needCare = alone ? found.filter((held) => held.chunks.some(waitsForCare)) : [];
  for (const held of [...needCare, ...found.filter((one) => !needCare.includes(one))]) {
    const claim = take(tx, held, { ...request, alone }, { chunks, discoveries });
    if (!claim) continue;
    chunks -= claim.chunks.length;
    if (claim.discovery) discoveries--;
    alone = false;
    claims.push(claim);
    if (claim.chunks.some(({ careful }) => careful)) break;
  }
  return claims;
}

/** A careful chunk of a job that such a worker could take waits for one that is alone. */
export const awaitsCare = (tx: MemoryTransaction, request: ClaimRequest): boolean =>
  candidates(tx, request).some(({ chunks }) => chunks.some(waitsForCare));

const waitsForCare = (chunk: MemoryChunk): boolean => chunk.state === "READY" && isCareful(chunk);

/** Its owners died twice in a row, or one died with an asset announced. */
const isCareful = ({ deaths, charged }: MemoryChunk): boolean => deaths >= 2 || charged !== undefined;

/** Its owner died, or was late: charges the asset that was announced, and forgets that it was. */
export function countDeath(chunk: MemoryChunk): void {
  const { announced, charged } = chunk;
  chunk.deaths++;
  if (announced !== undefined) {
    chunk.charged = { index: announced, times: (charged?.index === announced ? charged.times : 0) + 1 };
  }
  chunk.announced = undefined;
}

/** As it is to be once it is taken: where it is LEASED, its present owner is dead. */
function withDeath(chunk: MemoryChunk): MemoryChunk {
  const taken = { ...chunk };
  if (chunk.state === "LEASED") countDeath(taken);
  return taken;
}

/** What is known of the deaths of a chunk's owners is forgotten. */
export function forgetDeaths(chunk: MemoryChunk): void {
  Object.assign(chunk, { deaths: 0, announced: undefined, charged: undefined });
}

/** Jobs of the repository whose every handler is there, and that need not wait for an earlier one. */
const candidates = (tx: MemoryTransaction, request: ClaimRequest): readonly MemoryJob[] =>
  [...tx.state.jobs.values()]
    .filter(({ job }) => job.repository === request.repository)
    .filter(({ job }) => request.jobId === undefined || job.id === request.jobId)
    .filter(({ job }) => job.handlers.every((handler) => request.handlers.includes(handler)))
    .filter(({ job }) => isClaimable(job) && !mustWait(job, rivalsOf(tx, job.repository, job.request.type, job.id)))
    .sort((a, b) => a.job.request.priority - b.job.request.priority || a.job.sequence - b.job.sequence);

function take(tx: MemoryTransaction, held: MemoryJob, request: ClaimRequest, wanted: Wanted): Claim | undefined {
  const isHeld = (chunk: number, { epoch }: MemoryLease): boolean =>
    (request.holding ?? []).some((one) => one.jobId === held.job.id && one.chunk === chunk && one.epoch === epoch);
  const isFree = (chunk: number, lease: MemoryLease): boolean =>
    lease.state === "READY" || (isExpired(tx, lease, request.isKnownDead) && !isHeld(chunk, lease));
  const { discovery } = held;
  const looked = held.chunks
    .filter((chunk) => isFree(chunk.number, chunk) && (request.alone || !waitsForCare(chunk)))
    .sort((a, b) => (request.alone ? Number(waitsForCare(b)) - Number(waitsForCare(a)) : 0))
    .slice(0, Math.max(0, wanted.chunks));
  const needsCare = (chunk: MemoryChunk): boolean => isCareful(withDeath(chunk));
  const care = request.alone ? looked.find(needsCare) : undefined;
  const free = care ? [care] : looked.filter((chunk) => !needsCare(chunk));
  const back = care ? [] : looked.filter(needsCare);
  const worst = [...free, ...back].find((chunk) => withDeath(chunk).deaths >= MAX_DEATHS);
  const late = new Set<MemoryLease>([...free, ...back].filter(({ state }) => state === "LEASED"));
  for (const chunk of [...free, ...back]) if (late.has(chunk)) countDeath(chunk);
  for (const chunk of back) {
    // For a worker that is alone.
    giveBack(chunk);
    chunk.epoch++;
  }
  const walks = !care && wanted.discoveries > 0 && isFree(DISCOVERY, discovery);
  const taken: readonly MemoryLease[] = [...(walks ? [discovery] : []), ...free];
  if (taken.length === 0 && !worst) return undefined;
  const work = {
    newlyTriggered: free.filter(({ epoch }) => epoch === 0).flatMap(openOf).length,
    takenOver: taken.filter((lease) => (lease === discovery ? lease.state === "LEASED" : late.has(lease))).length,
    ...(care ? { careful: care.number } : {}),
  };
  const change = claimed(held.job, work, { leased: true, nowMs: tx.nowMs });
  if (!change) return undefined;
  if (walks && discovery.state === "LEASED") discovery.deaths++;
  const discoveryClaim = walks ? claimOfDiscovery(held) : undefined;
  const chunks = free.map((chunk) => claimOfChunk(held.job.id, chunk, late.has(chunk)));
  for (const lease of taken) lend(lease, request.owner, tx.nowMs + request.ttlMs);
  for (const chunk of free) chunk.part = 0;
  const job = storeChange(tx, held, change);
  const mayWalk = !walks || discovery.deaths < MAX_DISCOVERY_DEATHS;
  if (mayWalk && !worst) {
    return { job, ...(discoveryClaim ? { discovery: discoveryClaim } : {}), chunks };
  }
  for (const lease of taken) giveBack(lease);
  discovery.deaths = 0;
  for (const chunk of [...free, ...back]) forgetDeaths(chunk);
  const why =
    mayWalk && worst
      ? `chunk ${worst.number} ended its process ${MAX_DEATHS} times in a row, without any outcome`
      : `discovery ended its process ${MAX_DISCOVERY_DEATHS} times in a row`;
  storeChange(tx, held, giveUp(job, why, factsOf(tx, held)));
  return undefined;
}

/** Leased, but its time has run out, or its owner is known to be dead. */
export const isExpired = (
  tx: MemoryTransaction,
  lease: MemoryLease,
  isKnownDead: (owner: string) => boolean,
): boolean =>
  lease.state === "LEASED" && (lease.untilMs <= tx.nowMs || (lease.owner !== undefined && isKnownDead(lease.owner)));

function lend(lease: MemoryLease, owner: string, untilMs: number): void {
  Object.assign(lease, { state: "LEASED", epoch: lease.epoch + 1, owner, untilMs });
}

export function giveBack(lease: MemoryLease): void {
  Object.assign(lease, { state: "READY", owner: undefined });
}

const openOf = ({ entries, outcomes }: MemoryChunk): readonly number[] =>
  entries.flatMap((_, index) => (outcomes[index] === undefined ? [index] : []));

const claimOfDiscovery = ({ job, discovery }: MemoryJob): DiscoveryClaim => ({
  lease: { jobId: job.id, chunk: DISCOVERY, epoch: discovery.epoch + 1 },
  part: discovery.part,
  cursor: discovery.cursor,
  nextChunk: discovery.nextChunk,
  takenOver: discovery.state === "LEASED",
});

const claimOfChunk = (jobId: string, chunk: MemoryChunk, takenOver: boolean): ChunkClaim => ({
  lease: { jobId, chunk: chunk.number, epoch: chunk.epoch + 1 },
  entries: chunk.entries,
  open: openOf(chunk),
  takenOver,
  ...(isCareful(chunk) ? { careful: poisonedOf(chunk) } : {}),
});

const poisonedOf = ({ charged }: MemoryChunk): NonNullable<ChunkClaim["careful"]> =>
  charged && charged.times >= MAX_CHARGES ? { poisoned: charged.index } : {};
