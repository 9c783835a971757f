import { isStopping, type Job, type JobDraft } from "../core/job/job.js";
import { jobOfKey } from "../core/job/job-key.js";
import { firstLines } from "../core/job/job-lines.js";
import { holdsScope, scopeOfRequest } from "../core/job/job-request.js";
import type { JobChange } from "../core/job/job-transitions.js";
import { isFinal } from "../core/job/lifecycle.js";
import { isWithin } from "../core/asset/path.js";
import { overlaps } from "../core/asset/scope.js";
import type { KeyedJob } from "../core/job/job-key.js";
import { listedJob, type ListedJob } from "../core/job/listed-job.js";
import { JOB_PAGE_BYTES } from "../core/job/page-limits.js";
import type { JobPage, JobQuery, JobStore, JobView, OtherJobs } from "../core/ports/job-store.js";
import { costsLeftBy, type EarlierCost, type PerType } from "../core/job/cost.js";
import { NO_PACE } from "../core/job/pace.js";
import { EMPTY_TALLY } from "../core/job/tally.js";
import { DISCOVERY } from "../core/job/lease.js";
import {
  factsOf,
  holdJob,
  type MemoryDatabase,
  type MemoryJob,
  type MemoryTransaction,
  newLease,
  rivalsOf,
  storeChange,
} from "./memory-database.js";

/** Jobs in memory: the port's specification. */
export class MemoryJobStore implements JobStore {
  readonly #database: MemoryDatabase;

  constructor(database: MemoryDatabase) {
    this.#database = database;
  }

  create(draft: JobDraft, admit: (others: OtherJobs) => Promise<void>): Promise<Job> {
    return this.#database.write(async (tx) => {
      const { idempotency, createdBy } = draft;
      const known = idempotency && tx.state.keys.get(keyOf(createdBy, idempotency.key));
      if (known) return holdJob(tx, jobOfKey(known, idempotency.fingerprint)).job;
      if (draft.restartedFrom !== undefined) holdJob(tx, draft.restartedFrom);
      await admit(otherJobs(tx, draft));
      const created = newJob(draft, tx);
      tx.state.jobs.set(draft.id, created);
      if (idempotency) {
        const { key, fingerprint } = idempotency;
        tx.state.keys.set(keyOf(createdBy, key), { jobId: draft.id, fingerprint });
      }
      return storeChange(tx, created, { job: created.job, lines: firstLines(created.job, draft) });
    });
  }

  async byKey(principal: string, key: string): Promise<KeyedJob | undefined> {
    return this.#database.state.keys.get(keyOf(principal, key));
  }

  async get(id: string): Promise<Job | undefined> {
    return this.#database.state.jobs.get(id)?.job;
  }

  async list(query: JobQuery): Promise<JobPage> {
    const all = [...this.#database.state.jobs.values()].map(({ job }) => job);
    const found = all.filter((job) => matches(job, query)).reverse();
    const jobs: ListedJob[] = [];
    let bytes = 0;
    for (const job of found.slice(0, query.limit)) {
      const listed = listedJob(job);
      bytes += Buffer.byteLength(JSON.stringify(listed));
      if (bytes > JOB_PAGE_BYTES && jobs.length > 0) break;
      jobs.push(listed);
    }
    return { jobs, more: jobs.length < found.length };
  }

  async stopping(ids: readonly string[]): Promise<readonly string[]> {
    const { jobs } = this.#database.state;
    return ids.filter((id) => {
      const job = jobs.get(id)?.job;
      return job !== undefined && isStopping(job);
    });
  }

  async unattended(ids: readonly string[]): Promise<ReadonlyMap<string, number>> {
    const { state, nowMs } = this.#database;
    const held = ids.flatMap((id) => state.jobs.get(id) ?? []);
    const ends = held.map(({ job, discovery, chunks }): [string, number] => [
      job.id,
      [discovery, ...chunks].reduce((last, { untilMs }) => Math.max(last, untilMs), 0),
    ]);
    return new Map(ends.filter(([, untilMs]) => untilMs > 0 && untilMs <= nowMs));
  }

  async now(): Promise<number> {
    return this.#database.nowMs;
  }

  update(id: string, decide: (view: JobView) => JobChange | Promise<JobChange>): Promise<Job> {
    return this.#database.write(async (tx) => {
      const held = holdJob(tx, id);
      const { job } = held;
      return storeChange(tx, held, await decide({ job, facts: factsOf(tx, held), others: otherJobs(tx, job) }));
    });
  }
}

/** The jobs beside this one, or beside one that is being created. */
const otherJobs = (tx: MemoryTransaction, { id, repository, request }: Omit<JobDraft, "warnings">): OtherJobs => ({
  oldestRival: async (scope, createdAfter = 0) =>
    rivalsOf(tx, repository, request.type, id).find(
      (rival) => rival.sequence > createdAfter && overlaps(scope, scopeOfRequest(rival.request)),
    ),
  active: async (most) =>
    Math.min(most, [...tx.state.jobs.values()].filter(({ job }) => !isFinal(job.state.status)).length),
});

const keyOf = (principal: string, key: string): string => JSON.stringify([principal, key]);

const matches = (job: Job, query: JobQuery): boolean =>
  (query.beforeSequence === undefined || job.sequence < query.beforeSequence) &&
  (query.statuses?.includes(job.state.status) ?? true) &&
  (query.repository === undefined || job.repository === query.repository) &&
  (query.ids?.includes(job.id) ?? true) &&
  (query.type === undefined || job.request.type === query.type) &&
  !query.typesNot?.includes(job.request.type) &&
  (query.path === undefined || job.request.paths.some((path) => isWithin(path, query.path ?? "/"))) &&
  (query.createdBy === undefined || job.createdBy === query.createdBy) &&
  (!query.holding || holdsScope(job.request));

const newJob = (draft: JobDraft, { state, nowMs }: MemoryTransaction): MemoryJob => {
  const costKey = draft.costKey ?? state.jobs.get(draft.restartedFrom ?? "")?.costKey;
  const earlier = earlierCosts([...state.jobs.values()], costKey);
  return {
    job: {
      id: draft.id,
      sequence: state.jobs.size + 1,
      request: draft.request,
      repository: draft.repository,
      handlers: draft.handlers,
      createdBy: draft.createdBy,
      createdAtMs: nowMs,
      startedAtMs: 0,
      claimedAtMs: 0,
      state: { status: "WAITING" },
      attempt: 1,
      comments: "",
      ...(draft.restartedFrom === undefined ? {} : { restartedFrom: draft.restartedFrom }),
      counting: "WAITING",
      tally: EMPTY_TALLY,
      triggered: 0,
      openChunks: 0,
      warnings: draft.warnings?.length ?? 0,
      attemptBase: { failed: 0, processed: 0 },
      pace: earlier ? { ...NO_PACE, earlier } : NO_PACE,
      progressLoggedAtMs: 0,
      logLines: 0,
    },
    lines: [],
    discovery: { ...newLease(DISCOVERY), cursor: undefined, nextChunk: 1 },
    chunks: [],
    ...(costKey === undefined ? {} : { costKey }),
  };
};

/** What the last ended job with this key left behind. */
function earlierCosts(jobs: readonly MemoryJob[], key: string | undefined): PerType<EarlierCost> | undefined {
  if (key === undefined) return undefined;
  const last = jobs.findLast(({ costKey, job }) => costKey === key && isFinal(job.state.status));
  return last && costsLeftBy(last.job.pace.types, last.job.pace.earlier);
}
