import { isStopping } from "../job/job.js";
import { isFinal } from "../job/lifecycle.js";
import type { Claim, ClaimRequest, CommitAnswer } from "../ports/chunk-store.js";
import { backOff } from "./back-off.js";
import { ContentRoom } from "./asset/content-room.js";
import { AssetLanes, type SharedWork } from "./chunk/asset-lanes.js";
import { carefulBatches } from "./chunk/careful-batches.js";
import { ClaimSize } from "./claim-size.js";
import { Committer } from "./chunk/committer.js";
import { discover } from "./discovery/discover.js";
import { DiscoveryRun } from "./discovery/discovery-run.js";
import { releaseLease } from "./release-lease.js";
import type { LeasedWork } from "./leased-work.js";
import { HealthWatch } from "./health/health-watch.js";
import { LeaseKeeper } from "./lease-keeper.js";
import { MakingWay } from "./making-way.js";
import { ResultWriter } from "./chunk/result-writer.js";
import { type ChunkLoop, runChunk } from "./chunk/run-chunk.js";
import { Slots } from "./chunk/slots.js";
import { TimeSlice } from "./chunk/time-slice.js";
import type { EngineTools } from "./tools.js";
import { UnavailableNotice } from "./health/unavailable-notice.js";

const MAX_DISCOVERIES = 2;
/** Maximum uninterrupted work before the host's event loop gets a turn. */
const SLICE_MS = 1;
/** A preallocated reason: abort() without one creates an error with a stack each time. */
const WOKEN = new Error("woken");
/** How long `stop` waits for aborted handlers. */
const AFTER_ABORT_MS = 2_000;

/**
 * Claims discovery and chunks and runs them under their leases, until it is stopped. Workers in one or more processes
 * share the work by nothing but their claims.
 */
export class Worker {
  readonly #tools: EngineTools;
  readonly #jobId: string | undefined;
  readonly #shared: SharedWork;
  readonly #committer: Committer;
  readonly #loop: ChunkLoop;
  readonly #claimSize: ClaimSize;
  readonly #held = new Set<LeasedWork>();
  readonly #ending = new Set<Promise<void>>();
  readonly #keeper: LeaseKeeper;
  readonly #health: HealthWatch | undefined;
  readonly #notice: UnavailableNotice;
  #stopping = false;
  readonly #over = new AbortController();
  #working: Promise<void> | undefined;
  readonly #makingWay: MakingWay;
  /** When to look next for jobs that this worker holds nothing of, while it has enough to do. */
  #lookMs = 0;
  #wakeUp = new AbortController();

  /** Makes a worker for all jobs of its repository and handlers, or only for the job `jobId`. */
  constructor(tools: EngineTools, jobId?: string) {
    this.#tools = tools;
    this.#jobId = jobId;
    const { clock, options, threads } = tools;
    const slots = new Slots(options.concurrency, clock);
    const threadSlots = threads && new Slots(threads.capacity, clock);
    const batchSlots = threads?.batches && new Slots(threads.batches.capacity, clock);
    const room = new ContentRoom(options.maxHeldContentBytes, clock);
    this.#shared = {
      slots,
      slice: new TimeSlice(clock, SLICE_MS),
      room,
      ...(threadSlots ? { threadSlots } : {}),
      ...(batchSlots ? { batchSlots } : {}),
    };
    this.#committer = new Committer(tools);
    const notice = new UnavailableNotice(tools);
    const results = tools.repository.enlist ? {} : { results: new ResultWriter({ ...tools, notice }) };
    this.#loop = { committer: this.#committer, ...results, onAnswer: this.#onAnswer };
    // While threads have enough to do, a free slot must not lead to more claims: its chunks would wait for the threads.
    this.#claimSize = new ClaimSize(clock, {
      get free() {
        return threadSlots?.free === 0 ? 0 : slots.free;
      },
    });
    this.#makingWay = new MakingWay(this.#held, clock);
    this.#keeper = new LeaseKeeper(this.#held, tools);
    const resize = (count: number): void => {
      slots.resize(count);
      const share = (of: number): number => Math.max(1, Math.round((of * count) / options.concurrency));
      if (threadSlots && threads) threadSlots.resize(share(threads.capacity));
      if (batchSlots && threads?.batches) batchSlots.resize(share(threads.batches.capacity));
      this.wake();
    };
    this.#health = tools.health && new HealthWatch(tools.health, this.#held, resize, tools);
    this.#notice = notice;
  }

  /** Starts working. Further calls have no effect. */
  start(): void {
    if (this.#working) return;
    this.#keeper.start();
    this.#health?.start();
    this.#working = this.#work();
  }

  /** Makes the worker look for work at once. */
  readonly wake = (): void => {
    this.#lookMs = 0;
    this.#goOn();
  };

  /** Lets the loop look whether there is room for more. */
  readonly #goOn = (): void => this.#wakeUp.abort(WOKEN);

  /**
   * Starts nothing more, waits `drainMs` for running handlers, then aborts them. Commits what ended, releases the rest.
   */
  async stop(drainMs = this.#tools.options.drainMs): Promise<void> {
    if (!this.#working) return;
    const { clock } = this.#tools;
    this.#stopping = true;
    this.#over.abort();
    this.wake();
    await this.#working;
    for (const work of this.#held) work.stop("shutting down", false);
    const allEnded = new AbortController();
    const ended = Promise.all(this.#ending).then(() => allEnded.abort());
    await clock.sleep(drainMs, allEnded.signal);
    for (const work of this.#held) work.stop("shutting down", true);
    await Promise.race([ended, clock.sleep(AFTER_ABORT_MS, allEnded.signal)]);
    await this.#keeper.stop();
    await this.#health?.stop();
    // Abandons handlers that ignore their signal: their leases expire, their epochs move on. Does not wait for a store
    // that does not answer, either: what was not committed is processed again.
    for (const work of this.#held) work.abandon();
    this.#committer.giveUp();
    await Promise.race([ended, clock.sleep(AFTER_ABORT_MS, allEnded.signal)]);
  }

  async #work(): Promise<void> {
    const { clock, options, journal, random } = this.#tools;
    for (let failures = 0; !this.#stopping;) {
      let pauseMs = options.pollMs;
      try {
        const claimed = await this.#claim();
        failures = 0;
        if (claimed && this.#claimSize.chunks > 0) pauseMs = 0;
      } catch (error) {
        pauseMs = backOff(++failures, random);
        journal.unavailable(error, pauseMs);
      }
      await clock.sleep(pauseMs, this.#wakeUp.signal);
      if (this.#wakeUp.signal.aborted) this.#wakeUp = new AbortController();
    }
  }

  /**
   * Claims work if there is room for it; from time to time also, up to one for each slot, chunks of jobs that this worker
   * holds nothing of, so that these need not wait until the others' chunks have ended. Returns whether anything was claimed.
   */
  async #claim(): Promise<boolean> {
    const { chunks, options, clock } = this.#tools;
    const nowMs = clock.monotonicMs();
    if (this.#claimSize.chunks === 0 && (nowMs < this.#lookMs || this.#jobId !== undefined)) return false;
    this.#lookMs = nowMs + options.pollMs;
    const { chunks: wanted, newcomers, discoveries } = this.#claimRequest();
    const room = { chunks: wanted + newcomers, discoveries };
    if (!(await this.#makingWay.mayClaim(room, () => chunks.waiting(this.#claimRequest())))) return false;
    const sentMs = clock.monotonicMs();
    const claims = await chunks.claim(this.#claimRequest());
    for (const claim of claims) this.#begin(claim, sentMs + options.leaseTtlMs);
    return claims.length > 0;
  }

  #claimRequest(): ClaimRequest & { readonly newcomers: number } {
    const { repository, handlers, owner, options } = this.#tools;
    const discoveries = [...this.#held].filter((work) => work instanceof DiscoveryRun).length;
    const chunks = this.#claimSize.chunks;
    const room = options.concurrency - (this.#held.size - discoveries) - chunks;
    return {
      owner: owner.self,
      ttlMs: options.leaseTtlMs,
      repository: repository.identity,
      handlers: handlers.map((handler) => handler.name),
      chunks,
      newcomers: this.#jobId === undefined ? Math.max(0, room) : 0,
      discoveries: Math.max(0, MAX_DISCOVERIES - discoveries),
      alone: this.#held.size === 0,
      holding: [...this.#held].map((work) => work.lease),
      ...(this.#jobId === undefined ? {} : { jobId: this.#jobId }),
      isKnownDead: (other) => owner.isKnownDead(other),
    };
  }

  #begin({ job, discovery, chunks }: Claim, leaseUntilMs: number): void {
    if (discovery)
      this.#hold(new DiscoveryRun(job, discovery, leaseUntilMs, this.#tools.clock.monotonicMs()), (run) =>
        this.#discover(run),
      );
    for (const chunk of chunks) {
      const lanes = new AssetLanes(job, chunk, leaseUntilMs, this.#shared, this.#tools);
      this.#hold(lanes, () =>
        this.#runChunk(lanes, lanes.alone ? carefulBatches(lanes, this.#tools) : this.#parallelBatches(lanes)),
      );
    }
  }

  /** Runs work to its end. Reports any error to the journal and never throws it at the host. */
  #hold<W extends LeasedWork>(work: W, run: (work: W) => Promise<void>): void {
    const { journal } = this.#tools;
    this.#held.add(work);
    const ending = run(work)
      .catch((error: unknown) => journal.failed(work.job.id, error))
      .finally(() => {
        this.#held.delete(work);
        this.#ending.delete(ending);
        this.#goOn();
      });
    this.#ending.add(ending);
  }

  /** Runs all of a chunk's open assets, as many at once as there are slots. */
  #parallelBatches(lanes: AssetLanes): AsyncIterable<void> {
    this.#claimSize.began();
    lanes.start(lanes.claim.open.length);
    void lanes.drained().then(() => {
      this.#claimSize.ended();
      this.#goOn();
    });
    return lanes.batches(this.#tools.options.commitEveryMs);
  }

  async #runChunk(lanes: AssetLanes, batches: AsyncIterable<void>): Promise<void> {
    try {
      const end = await runChunk(lanes, batches, this.#loop);
      if (end === "stopped") await this.#release(lanes, lanes.error);
    } catch (error) {
      lanes.stop("failed", true);
      await this.#release(lanes, error);
    }
  }

  async #discover(run: DiscoveryRun): Promise<void> {
    try {
      const onAnswer = (answer: CommitAnswer): void => {
        this.#onAnswer(answer);
        run.hasProgress = true;
        // There may be chunks of a job that this worker holds nothing of.
        this.wake();
      };
      const end = await discover(run.job, run.claim, run.signal, onAnswer, this.#tools);
      if (end === "stopped") await this.#release(run, undefined);
    } catch (error) {
      await this.#release(run, error);
    }
  }

  #release(work: LeasedWork, error: unknown): Promise<void> {
    return releaseLease(work, error, { ...this.#tools, notice: this.#notice }, this.#over.signal);
  }

  /** Reads the job's state from every answer of the store, so that a stopping job stops here at once. */
  readonly #onAnswer = ({ job }: CommitAnswer): void => {
    if (isStopping(job)) {
      for (const work of this.#held) if (work.job.id === job.id) work.stop("job is stopping", true);
    }
    if (isFinal(job.state.status)) this.#tools.onEnd?.(job);
    this.#goOn();
  };
}
