import { DISCOVERY, type Lease } from "../core/job/lease.js";
import type { ChunkPart, DiscoveryPage, ManifestEntry, NewChunk } from "../core/job/chunk.js";
import { entriesIn } from "../core/job/manifest.js";
import { progressOf } from "../core/job/chunk-progress.js";
import { isStopping, type Job } from "../core/job/job.js";
import { discovered, progressed, settle } from "../core/job/job-transitions.js";
import { NO_DEATHS, released, takenBack } from "../core/job/lease-rules.js";
import type { IndexedOutcome } from "../core/job/outcomes.js";
import type { ReportedOutcome } from "../core/asset/outcome.js";
import type { EnlistedWriter } from "../core/ports/asset-repository.js";
import type { ChunkStore, Claim, ClaimRequest, CommitAnswer, WaitingWork } from "../core/ports/chunk-store.js";
import { claimWork, isExpired, waitingWork } from "./memory-claim.js";
import {
  factsOf,
  holdJob,
  newLease,
  type MemoryChunk,
  type MemoryDatabase,
  type MemoryLease,
  type MemoryTransaction,
  storeChange,
} from "./memory-database.js";

/** "mine": must be stored. "mine already": an earlier try stored the same part. "lost": the epoch moved on. */
type Fence = "mine" | "mine already" | "lost";

/** Discovery, chunks and their leases in memory: the port's specification. */
export class MemoryChunkStore implements ChunkStore {
  readonly #database: MemoryDatabase;

  constructor(database: MemoryDatabase) {
    this.#database = database;
  }

  claim(request: ClaimRequest): Promise<readonly Claim[]> {
    return this.#database.write((tx) => claimWork(tx, request));
  }

  addPage(lease: Lease, page: DiscoveryPage): Promise<CommitAnswer> {
    return this.#database.write((tx) => {
      const held = holdJob(tx, lease.jobId);
      const { discovery } = held;
      const fence = fenceOf(discovery, lease, page.part);
      if (fence !== "mine") return { end: fence === "lost" ? "lost" : "committed", job: held.job };
      held.chunks.push(...page.chunks.map((chunk) => newChunk(chunk, tx.nowMs)));
      Object.assign(discovery, {
        part: discovery.part + 1,
        cursor: page.cursor,
        nextChunk: (page.chunks.at(-1)?.number ?? discovery.nextChunk - 1) + 1,
        ...NO_DEATHS,
      });
      if (page.complete) end(discovery);
      const job = storeChange(tx, held, discovered(held.job, page, factsOf(tx, held)));
      return { end: "committed", job };
    });
  }

  commit(parts: readonly ChunkPart[], results?: EnlistedWriter): Promise<readonly CommitAnswer[]> {
    return this.#database.write(async (tx) => {
      const fences = parts.map((part) => storePart(tx, part));
      const fresh = parts.filter((_, i) => fences[i] === "mine");
      if (fresh.length > 0) {
        await results?.(
          tx,
          fresh.flatMap((part) => part.writes),
        );
      }
      for (const id of jobIds(fresh.map(({ lease }) => lease))) {
        count(
          tx,
          id,
          fresh.filter(({ lease }) => lease.jobId === id),
        );
      }
      return parts.map(({ lease }, i) => ({
        end: fences[i] === "lost" ? "lost" : "committed",
        job: holdJob(tx, lease.jobId).job,
      }));
    });
  }

  announce(lease: Lease, index: number): Promise<"announced" | "lost"> {
    return this.#database.write((tx) => {
      const chunk = chunkOf(tx, lease);
      if (!chunk || !isHeld(chunk, lease)) return "lost";
      chunk.announced = index;
      return "announced";
    });
  }

  waiting(request: ClaimRequest): Promise<WaitingWork> {
    return this.#database.write((tx) => waitingWork(tx, request));
  }

  renew(leases: readonly Lease[], ttlMs: number): Promise<readonly Lease[]> {
    return this.#database.write((tx) =>
      leases.filter((lease) => {
        const row = rowOf(tx, lease);
        if (!row || !isHeld(row, lease)) return true;
        row.untilMs = tx.nowMs + ttlMs;
        return false;
      }),
    );
  }

  release(leases: readonly Lease[]): Promise<void> {
    return this.#database.write((tx) => {
      for (const lease of leases) {
        const row = rowOf(tx, lease);
        if (!row || !isHeld(row, lease)) continue;
        Object.assign(row, released(row), { owner: undefined, untilMs: tx.nowMs });
      }
      for (const id of jobIds(leases)) settleJob(tx, id);
    });
  }

  reap(isKnownDead: (owner: string) => boolean): Promise<void> {
    return this.#database.write((tx) => {
      for (const [id, { job, discovery, chunks }] of tx.state.jobs) {
        for (const lease of isStopping(job) ? [discovery, ...chunks] : []) {
          if (isExpired(tx, lease, isKnownDead)) Object.assign(lease, takenBack(lease), { owner: undefined });
        }
        settleJob(tx, id);
      }
    });
  }
}

const rowOf = (tx: MemoryTransaction, { jobId, chunk }: Lease): MemoryLease | undefined => {
  const held = tx.state.jobs.get(jobId);
  return chunk === DISCOVERY ? held?.discovery : held?.chunks.find((one) => one.chunk === chunk);
};

const chunkOf = (tx: MemoryTransaction, { jobId, chunk }: Lease): MemoryChunk | undefined =>
  tx.state.jobs.get(jobId)?.chunks.find((one) => one.chunk === chunk);

const isHeld = (row: MemoryLease, lease: Lease): boolean => row.state === "LEASED" && row.epoch === lease.epoch;

function fenceOf(row: MemoryLease | undefined, lease: Lease, part: number): Fence {
  if (row?.epoch !== lease.epoch) return "lost";
  if (row.state === "LEASED" && row.part === part) return "mine";
  return row.part === part + 1 ? "mine already" : "lost";
}

function end(row: MemoryLease): void {
  Object.assign(row, { state: "DONE", owner: undefined });
}

/** Stores a part's outcomes and its chunk's position. Counters and lines are stored once for all parts of a job. */
function storePart(tx: MemoryTransaction, { lease, part, outcomes, closes, advances }: ChunkPart): Fence {
  const chunk = holdJob(tx, lease.jobId).chunks.find(({ chunk }) => chunk === lease.chunk);
  const fence = fenceOf(chunk, lease, part);
  if (fence !== "mine" || !chunk) return fence;
  for (const one of outcomes) chunk.outcomes[one.index] = reported(chunk, one, tx.nowMs);
  chunk.part++;
  if (advances) Object.assign(chunk, NO_DEATHS);
  if (closes) end(chunk);
  return fence;
}

function count(tx: MemoryTransaction, id: string, parts: readonly ChunkPart[]): void {
  const held = holdJob(tx, id);
  const { job, lines } = progressed(held.job, progressOf(parts), factsOf(tx, held));
  storeChange(tx, held, { job, lines: [...parts.flatMap((part) => part.lines), ...lines] });
}

function settleJob(tx: MemoryTransaction, id: string): Job {
  const held = holdJob(tx, id);
  return storeChange(tx, held, settle(held.job, factsOf(tx, held)));
}

const jobIds = (leases: readonly Lease[]): readonly string[] => [...new Set(leases.map(({ jobId }) => jobId))];

function newChunk({ number, entries, open }: NewChunk, nowMs: number): MemoryChunk {
  const all = entriesIn(entries);
  return {
    ...newLease(number, open > 0 ? "READY" : "DONE"),
    triggerable: open,
    entries: all,
    outcomes: all.map((entry) => ruled(entry, nowMs)),
  };
}

/** The outcome that a skip rule decided during discovery. */
const ruled = ({ asset: { path }, skip }: ManifestEntry, at: number): ReportedOutcome | undefined =>
  skip && { path, outcome: "SKIPPED", code: skip, attempts: 0, at };

const reported = ({ entries }: MemoryChunk, { index, outcome, ageMs }: IndexedOutcome, nowMs: number) => ({
  path: entries[index]?.asset.path ?? "",
  outcome: outcome.kind,
  ...(outcome.kind === "SUCCEEDED" ? {} : { code: outcome.code }),
  ...("message" in outcome && outcome.message !== undefined ? { message: outcome.message } : {}),
  ...("handler" in outcome && outcome.handler !== undefined ? { handler: outcome.handler } : {}),
  attempts: outcome.attempts,
  at: nowMs - ageMs,
});
