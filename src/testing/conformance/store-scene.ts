import { deepStrictEqual } from "node:assert/strict";
import type { ChunkClaim, DiscoveryClaim, ManifestEntry } from "../../core/job/chunk.js";
import type { Job, JobDraft } from "../../core/job/job.js";
import { cancel, giveUp, pause, resume } from "../../core/job/job-transitions.js";
import type { JobStatus } from "../../core/job/lifecycle.js";
import { refuseStart } from "../../core/operator/overlap.js";
import type { ChunkStore, ClaimRequest } from "../../core/ports/chunk-store.js";
import type { JobLog } from "../../core/ports/job-log.js";
import type { JobReports } from "../../core/ports/job-reports.js";
import type { JobStore } from "../../core/ports/job-store.js";
import { claimChunks, claimDiscovery, discoveredJob, draftOf } from "./job-steps.js";

/** One node's stores. */
export interface Stores {
  readonly jobs: JobStore;
  readonly chunks: ChunkStore;
  readonly log: JobLog;
  readonly reports: JobReports;
}

/** An empty store under test. */
export interface StoreFixture extends Stores {
  /** Opens another node on the same store, with its own connections and memory. */
  another(): Promise<Stores>;
  /** Returns every row of every table, if the adapter can. What the ports show is compared in any case. */
  everything?(): Promise<unknown>;
  close(): Promise<void>;
}

/** A lease that has expired as soon as it is given. */
export const RUN_OUT = { ttlMs: 0 };

/** Ways to stop a job, and the status it has once none of its leases is held. */
export const STOPS = [
  ["cancel", "CANCELLED"],
  ["pause", "PAUSED"],
  ["give up", "FAILURE"],
] as const;
export type Stop = (typeof STOPS)[number][0];

/** A store under test, with the steps that checks need. */
export class StoreScene implements Stores {
  readonly jobs: JobStore;
  readonly chunks: ChunkStore;
  readonly log: JobLog;
  readonly reports: JobReports;
  readonly #fixture: StoreFixture;

  constructor(fixture: StoreFixture) {
    this.#fixture = fixture;
    ({ jobs: this.jobs, chunks: this.chunks, log: this.log, reports: this.reports } = fixture);
  }

  /** Opens another node on the same store. */
  another(): Promise<Stores> {
    return this.#fixture.another();
  }

  /** Creates a job like `start` does: refuses it if its scope is held. */
  create(draft: JobDraft = draftOf(), on: Stores = this): Promise<Job> {
    return on.jobs.create(draft, (rivals) => refuseStart(draft.request, rivals));
  }

  discovered(
    count: number,
    options: { chunkSize?: number; draft?: JobDraft; entries?: readonly ManifestEntry[] } = {},
  ): Promise<Job> {
    return discoveredJob(this, count, options);
  }

  discovery(job: Job, over: Partial<ClaimRequest> = {}, on: Stores = this): Promise<DiscoveryClaim> {
    return claimDiscovery(on, job, over);
  }

  claim(job: Job, over: Partial<ClaimRequest> = {}, on: Stores = this): Promise<readonly ChunkClaim[]> {
    return claimChunks(on, job, over);
  }

  async oneChunk(job: Job, over: Partial<ClaimRequest> = {}, on: Stores = this): Promise<ChunkClaim> {
    const [chunk] = await claimChunks(on, job, { chunks: 1, ...over });
    if (!chunk) throw new Error("no chunk could be claimed");
    return chunk;
  }

  async twoChunks(job: Job, over: Partial<ClaimRequest> = {}): Promise<readonly [ChunkClaim, ChunkClaim]> {
    const [a, b] = await claimChunks(this, job, over);
    if (!a || !b) throw new Error("two chunks could not be claimed");
    return [a, b];
  }

  stop(job: Job, how: Stop): Promise<Job> {
    return this.jobs.update(job.id, ({ job: now, facts }) =>
      how === "cancel"
        ? cancel(now, "ann", facts)
        : how === "pause"
          ? pause(now, "ann", facts)
          : giveUp(now, "too bad", facts),
    );
  }

  resume(job: Job): Promise<Job> {
    return this.jobs.update(job.id, (view) => resume(view.job, "ann"));
  }

  async now(job: Job): Promise<Job> {
    const found = await this.jobs.get(job.id);
    if (!found) throw new Error(`job ${job.id} does not exist`);
    return found;
  }

  async status(job: Job): Promise<JobStatus> {
    return (await this.now(job)).state.status;
  }

  async lines(job: Pick<Job, "id">, from = 0): Promise<readonly string[]> {
    return (await this.log.read(job.id, from, 100_000)).lines;
  }

  async outcomePaths(job: Job): Promise<readonly string[]> {
    const { outcomes } = await this.reports.outcomes(job.id, { limit: 100_000 });
    return outcomes.map(({ path }) => path);
  }

  /** Fails if `work` changes anything that the ports or the adapter's `everything` show. */
  async changesNothing<T>(work: () => Promise<T>): Promise<T> {
    const before = await this.#everything();
    const answer = await work();
    deepStrictEqual(await this.#everything(), before);
    return answer;
  }

  async #everything(): Promise<unknown> {
    const { jobs } = await this.jobs.list({ limit: 1_000 });
    const shown = jobs.map(async (job) => ({
      job,
      lines: await this.lines(job),
      outcomes: await this.reports.outcomes(job.id, { limit: 100_000 }),
      assets: await this.reports.assets(job.id, { limit: 100_000 }),
    }));
    return [await Promise.all(shown), await this.#fixture.everything?.()];
  }
}

/** Polls a condition until it holds. Fails after `ms`. */
export async function until(what: string, isSo: () => Promise<boolean>, ms: number): Promise<void> {
  for (const endMs = performance.now() + ms; !(await isSo());) {
    if (performance.now() > endMs) throw new Error(`${what}: not within ${ms} ms`);
    await new Promise((waited) => setTimeout(waited, 20));
  }
}
