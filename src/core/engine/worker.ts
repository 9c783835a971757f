import type { Lease } from "../chunk.js";
import { AssetmillError, isUnavailable, messageOf } from "../errors.js";
import { isStopping } from "../job.js";
import { giveUp } from "../job-transitions.js";
import type { Claim, CommitAnswer } from "../ports/chunk-store.js";
import { backOff } from "./back-off.js";
import { ChunkRun, type SharedWork } from "./chunk-run.js";
import { ClaimAppetite } from "./claim-appetite.js";
import { Committer } from "./committer.js";
import { discover } from "./discover.js";
import { DiscoveryRun } from "./discovery-run.js";
import type { HeldWork } from "./held-work.js";
import { LeaseKeeper } from "./lease-keeper.js";
import { runChunk } from "./run-chunk.js";
import { Slots } from "./slots.js";
import { TimeSlice } from "./time-slice.js";
import type { EngineTools } from "./tools.js";

const MAX_DISCOVERIES = 2;
/** Uninterrupted work before the host's event loop turns. */
const SLICE_MS = 1;
/** How long `stop` waits for handlers that were told to end. */
const AFTER_ABORT_MS = 2_000;

/**
 * Claims discovery and chunks, runs them under their leases, until it is told to stop. Several workers, in one process
 * or in many, share the work by claiming alone.
 */
export class Worker {
  readonly #tools: EngineTools;
  readonly #jobId: string | undefined;
  readonly #shared: SharedWork;
  readonly #committer: Committer;
  readonly #appetite: ClaimAppetite;
  readonly #held = new Set<HeldWork>();
  readonly #ending = new Set<Promise<void>>();
  readonly #keeper: LeaseKeeper;
  #stopping = false;
  #loop: Promise<void> | undefined;
  #wakeUp = new AbortController();

  /** Works on all jobs of its repository and handlers, or on one alone. */
  constructor(tools: EngineTools, jobId?: string) {
    this.#tools = tools;
    this.#jobId = jobId;
    this.#shared = { slots: new Slots(tools.options.concurrency), slice: new TimeSlice(tools.clock, SLICE_MS) };
    this.#committer = new Committer(tools);
    this.#appetite = new ClaimAppetite(tools.clock, this.#shared.slots);
    this.#keeper = new LeaseKeeper(this.#held, tools);
  }

  /** Begins to work; a second call changes nothing. */
  start(): void {
    if (this.#loop) return;
    this.#keeper.start();
    this.#loop = this.#work();
  }

  /** Looks for work at once. */
  readonly wake = (): void => this.#wakeUp.abort();

  /** Starts nothing more, lets what runs end for `drainMs`, then aborts it; commits what ended, releases the rest. */
  async stop(drainMs = this.#tools.options.drainMs): Promise<void> {
    if (!this.#loop) return;
    const { clock } = this.#tools;
    this.#stopping = true;
    this.wake();
    await this.#loop;
    for (const work of this.#held) work.stop("shutting down", false);
    const allEnded = new AbortController();
    const ended = Promise.all(this.#ending).then(() => allEnded.abort());
    await clock.sleep(drainMs, allEnded.signal);
    for (const work of this.#held) work.stop("shutting down", true);
    await Promise.race([ended, clock.sleep(AFTER_ABORT_MS, allEnded.signal)]);
    await this.#keeper.stop();
    // A handler that does not heed its signal is left behind: its lease runs out, its epoch moves on. So is a store that
    // does not answer: what was not committed is handled again.
    for (const work of this.#held) work.leave();
    this.#committer.giveUp();
    await Promise.race([ended, clock.sleep(AFTER_ABORT_MS, allEnded.signal)]);
  }

  async #work(): Promise<void> {
    const { clock, options, journal, random } = this.#tools;
    for (let failures = 0; !this.#stopping;) {
      let pauseMs = options.pollMs;
      try {
        const claimed = this.#appetite.chunks > 0 && (await this.#claim());
        failures = 0;
        if (claimed && this.#appetite.chunks > 0) pauseMs = 0;
      } catch (error) {
        pauseMs = backOff(++failures, random);
        journal.unavailable(error, pauseMs);
      }
      await clock.sleep(pauseMs, this.#wakeUp.signal);
      if (this.#wakeUp.signal.aborted) this.#wakeUp = new AbortController();
    }
  }

  /** True where there was something to take. */
  async #claim(): Promise<boolean> {
    const { chunks, repository, handlers, owner, options, clock } = this.#tools;
    const sentMs = clock.monotonicMs();
    const discoveries = [...this.#held].filter((work) => work instanceof DiscoveryRun).length;
    const claims = await chunks.claim({
      owner: owner.self,
      ttlMs: options.leaseTtlMs,
      repository: repository.identity,
      handlers: handlers.map((handler) => handler.name),
      chunks: this.#appetite.chunks,
      discoveries: Math.max(0, MAX_DISCOVERIES - discoveries),
      ...(this.#jobId === undefined ? {} : { jobId: this.#jobId }),
      isKnownDead: (other) => owner.isKnownDead(other),
    });
    for (const claim of claims) this.#begin(claim, sentMs + options.leaseTtlMs);
    return claims.length > 0;
  }

  #begin({ job, discovery, chunks }: Claim, leaseUntilMs: number): void {
    if (discovery) this.#hold(new DiscoveryRun(job, discovery, leaseUntilMs), (run) => this.#discover(run));
    for (const chunk of chunks) {
      const run = new ChunkRun(job, chunk, leaseUntilMs, this.#shared, this.#tools);
      this.#appetite.began();
      void run.ended.then(() => {
        this.#appetite.ended();
        this.wake();
      });
      this.#hold(run, (held) => this.#runChunk(held));
    }
  }

  /** Runs work to its end. Whatever goes wrong in it ends in the journal, never in the host's face. */
  #hold<W extends HeldWork>(work: W, run: (work: W) => Promise<void>): void {
    const { journal } = this.#tools;
    this.#held.add(work);
    const ending = run(work)
      .catch((error: unknown) => journal.failed(work.job.id, error))
      .finally(() => {
        this.#held.delete(work);
        this.#ending.delete(ending);
      });
    this.#ending.add(ending);
  }

  async #runChunk(run: ChunkRun): Promise<void> {
    const { clock, options } = this.#tools;
    const { commitEveryMs } = options;
    try {
      const loop = { committer: this.#committer, clock, commitEveryMs, onAnswer: this.#onAnswer };
      const end = await runChunk(run, loop);
      if (end !== "stopped") return;
      await this.#afterStop(run.lease, run.error);
    } catch (error) {
      run.stop("failed", true);
      await this.#afterStop(run.lease, error);
    }
  }

  async #discover(run: DiscoveryRun): Promise<void> {
    try {
      const end = await discover(run.job, run.claim, run.signal, this.#onAnswer, this.#tools);
      if (end === "stopped") await this.#afterStop(run.lease, undefined);
    } catch (error) {
      await this.#afterStop(run.lease, error);
    }
  }

  /** Gives the lease back. An error that is nobody's absence ends the job: it can be resumed once that is mended. */
  async #afterStop(lease: Lease, error: unknown): Promise<void> {
    const { jobs, chunks, journal, clock, random } = this.#tools;
    if (error !== undefined && !isUnavailable(error)) {
      journal.failed(lease.jobId, error);
      const why = AssetmillError.is(error) ? aboutPath(error) : `internal error: ${messageOf(error)}`;
      await this.#insist(() => jobs.update(lease.jobId, ({ job, facts }) => giveUp(job, why, facts)));
    } else if (error !== undefined) {
      const pauseMs = backOff(3, random);
      journal.unavailable(error, pauseMs);
      await clock.sleep(pauseMs);
    }
    await this.#insist(() => chunks.release([lease]));
  }

  /** Repeats until the store answers; gives up only when the worker stops, for then the lease runs out by itself. */
  async #insist(action: () => Promise<unknown>): Promise<void> {
    const { clock, journal, random } = this.#tools;
    for (let attempt = 1; ; attempt++) {
      try {
        await action();
        return;
      } catch (error) {
        if (!isUnavailable(error) || this.#stopping) throw error;
        const pauseMs = backOff(attempt, random);
        journal.unavailable(error, pauseMs);
        await clock.sleep(pauseMs);
      }
    }
  }

  /** Every answer of the store tells how the job stands; a job that is stopping stops here, at once. */
  readonly #onAnswer = ({ job }: CommitAnswer): void => {
    if (isStopping(job)) {
      for (const work of this.#held) if (work.job.id === job.id) work.stop("job is stopping", true);
    }
    this.wake();
  };
}

const aboutPath = ({ ids, message }: AssetmillError): string =>
  ids.path === undefined ? message : `${ids.path}: ${message}`;
