import type { Outcome } from "../../asset/outcome.js";
import { isUnavailable } from "../../errors.js";
import type { ChunkClaim } from "../../job/chunk.js";
import type { Job } from "../../job/job.js";
import type { Lease } from "../../job/lease.js";
import type { AssetTask } from "../asset/asset-task.js";
import { assetTools } from "../asset/asset-tools.js";
import type { ContentRoom } from "../asset/content-room.js";
import { type AssetEnd, type AssetRunTools, isThenable, runAsset } from "../asset/run-asset.js";
import { repositorySilence } from "../health/repository-silence.js";
import { endsWaiting, type LeasedWork, type StopReason } from "../leased-work.js";
import type { EngineTools } from "../tools.js";
import { Drain } from "./drain.js";
import { HeldResults } from "./held-results.js";
import { LaneSlots } from "./lane-slots.js";
import { OpenAssets, type Rerun } from "./open-assets.js";
import { PartBuilder } from "./part-builder.js";
import type { Slots } from "./slots.js";
import { ThreadBatches } from "./thread-batches.js";
import type { TimeSlice } from "./time-slice.js";

/** State shared by all chunks of a worker. */
export interface SharedWork {
  readonly slots: Slots;
  readonly slice: TimeSlice;
  /** Assets that wait for threads or run in them. Present if there are threads. */
  readonly threadSlots?: Slots;
  /** Batches that wait for threads or run in them. Present if threads take batches. */
  readonly batchSlots?: Slots;
  /** Limits the content in memory. @defaultValue no limit */
  readonly room?: ContentRoom;
}

/**
 * A claimed chunk at work. Runs its assets in lanes, as many as there are slots, in path order, and adds their ends to
 * `part`. Enforces deadlines; stops, abandons or reruns assets when told to.
 */
export class AssetLanes implements LeasedWork {
  readonly job: Job;
  readonly claim: ChunkClaim;
  readonly part: PartBuilder;
  leaseUntilMs: number;
  readonly sinceMs: number;
  stopped: StopReason | undefined;
  /** Whether a handler was abandoned while it ran: the lease must then expire instead of being released. */
  abandoned = false;
  /** Always: assets in flight end before it stops. */
  readonly hasProgress = true;
  /** The error that stopped the chunk, if any. */
  error: unknown;
  readonly #tools: EngineTools;
  readonly #slots: LaneSlots;
  readonly #slice: TimeSlice;
  readonly #assetTools: AssetRunTools;
  readonly #assets: OpenAssets;
  /** Present if threads take some of the assets in batches. */
  readonly #batches: ThreadBatches | undefined;
  #batchesOpen = false;
  readonly #inFlight = new Set<AssetTask>();
  readonly #over = new AbortController();
  #stopping: AbortController | undefined;
  readonly #drain: Drain;
  /** When an asset ended last. */
  #endedMs = 0;
  readonly #results: HeldResults;

  constructor(job: Job, claim: ChunkClaim, leaseUntilMs: number, shared: SharedWork, tools: EngineTools) {
    this.job = job;
    this.claim = claim;
    this.leaseUntilMs = leaseUntilMs;
    this.sinceMs = tools.clock.monotonicMs();
    this.part = new PartBuilder(claim, tools.clock, tools.repository.enlist !== undefined);
    this.#tools = tools;
    this.#assetTools = assetTools(this, (work) => this.#slots.outside(work), tools, shared.room, shared.slice);
    this.#slots = new LaneSlots(job, shared.slots, this.#assetTools.inThreads?.always ? shared.threadSlots : undefined);
    this.#slice = shared.slice;
    this.#drain = new Drain(tools.clock);
    this.#results = new HeldResults(shared.room);
    this.#batches = ThreadBatches.of(this, this.#assetTools, shared.batchSlots);
    this.#assets = new OpenAssets(claim, this.#assetTools.content, this.#batches?.fits);
  }

  get lease(): Lease {
    return this.claim.lease;
  }

  get over(): AbortSignal {
    return this.#over.signal;
  }

  /** Created when first used: most chunks never need it. */
  get stopping(): AbortSignal {
    this.#stopping ??= new AbortController();
    if (this.stopped) this.#stopping.abort();
    return this.#stopping.signal;
  }

  get isStopped(): boolean {
    return this.stopped !== undefined;
  }

  get alone(): boolean {
    return this.claim.careful !== undefined;
  }

  /** Starts `count` more of the open assets. */
  start(count: number): void {
    this.#open(this.#assets.allow(count));
  }

  /** Resolves when nothing more will start and every handler has ended or was abandoned. Never rejects. */
  drained(): Promise<void> {
    return this.#drain.ended();
  }

  /** Yields when there may be something to commit: every `everyMs`, if given, and when everything started has ended. */
  async *batches(everyMs?: number): AsyncGenerator<void> {
    try {
      for (;;) {
        const { opened } = this.#drain;
        const drained = !(everyMs !== undefined && this.part.isHeavy) && (await this.#drain.endedWithin(everyMs));
        const held = this.#results.bytes;
        yield;
        // What had ended before is committed, or will never be.
        this.#results.release(held);
        // The consumer may have rerun assets, and these may already have ended.
        if (drained && opened === this.#drain.opened) return;
      }
    } finally {
      this.#results.end();
    }
  }

  /** Sets the outcome of the next open asset without running it. */
  settleNext(outcome: Outcome): void {
    if (this.stopped || this.#assets.allow(1) === 0) return;
    const task = this.#next(this.#tools.clock.monotonicMs());
    if (task) this.#ended(task, { outcome });
  }

  /** Reruns handlers for assets that changed meanwhile. */
  rerun(assets: readonly Rerun[]): void {
    if (this.stopped || this.abandoned || assets.length === 0) return;
    this.#assets.rerun(assets);
    if (!this.#atWork) this.#open(assets.length);
  }

  /** Starts no more assets. If `abort`, also aborts those in flight. */
  stop(reason: StopReason, abort: boolean): void {
    this.stopped ??= reason;
    this.#stopping?.abort();
    if (!abort) return;
    if (endsWaiting(reason)) this.#over.abort(new Error(reason));
    for (const task of this.#inFlight) task.abort(new Error(reason));
    this.#batches?.abort(new Error(reason));
  }

  /** Stops waiting for handlers that ignore their signal. */
  abandon(): void {
    if (!this.#atWork) return;
    this.abandoned = true;
    this.#drain.giveUp();
  }

  /**
   * Fails assets that have exceeded the deadline with DEADLINE, aborts their handlers and ignores what these still do.
   * If the repository is silent, no asset is to blame: stops the chunk as if the repository were unreachable.
   */
  enforceDeadline(nowMs: number): void {
    const { deadlineMs } = this.#tools.options;
    for (const task of this.#inFlight) {
      if (task.abandoned || nowMs - task.tryStartedMs <= deadlineMs) continue;
      const silent = repositorySilence(this.#tools);
      if (silent) {
        // If its handler ignores the signal, its time starts anew.
        task.tryStartedMs = nowMs;
        this.error ??= silent;
        this.stop("unavailable", true);
        continue;
      }
      task.abandoned = true;
      task.abort(new Error("deadline"));
      task.end();
      const message = `not finished within ${deadlineMs} ms`;
      this.#ended(task, { outcome: { kind: "FAILED", code: "DEADLINE", message, attempts: task.attempts } });
      // The lane hangs in that handler: a new lane continues in its slot.
      void this.#lane();
    }
  }

  /** Whether a lane runs or waits for its slot. */
  get #atWork(): boolean {
    return this.#drain.hasLanes && !this.abandoned;
  }

  #open(assets: number): void {
    if (assets === 0) return;
    const { threads, options } = this.#tools;
    const most = this.#assetTools.inThreads?.always && threads ? threads.capacity : options.concurrency;
    const lanes = Math.min(most, assets);
    this.#drain.begin(lanes);
    this.#openBatches(assets);
    for (let i = 0; i < lanes; i++) void this.#enter();
  }

  /** Has threads take assets in batches, at once or as soon as they are ready. Until then, lanes take all of them. */
  #openBatches(assets: number): void {
    const batches = this.#batches;
    if (!batches || this.#batchesOpen) return;
    if (!batches.isOpen) {
      batches.warmFor(this.claim, () => this.#atWork && this.#openBatches(assets));
      return;
    }
    this.#batchesOpen = true;
    const lanes = batches.lanesFor(assets);
    this.#drain.begin(lanes);
    const work = { next: this.#nextBatch, finish: this.#run, again: this.#again };
    for (let i = 0; i < lanes; i++) void batches.lane(work, this.#slice).then(() => this.#drain.end());
  }

  readonly #nextBatch = (most: number): readonly AssetTask[] => {
    if (this.stopped) return [];
    const nowMs = this.#tools.clock.monotonicMs();
    if (this.#assets.untouched) this.part.begin(nowMs);
    const tasks = this.#assets.takeBatch(most, nowMs);
    for (const task of tasks) this.#inFlight.add(task);
    return tasks;
  };

  /** Opens one more lane, which goes on with a task whose first try was in a batch. */
  readonly #again = (task: AssetTask): void => {
    task.tryStartedMs = Number.POSITIVE_INFINITY;
    this.#drain.begin(1);
    void this.#enter(task);
  };

  async #enter(first?: AssetTask): Promise<void> {
    await this.#slots.acquire();
    if (first) first.tryStartedMs = this.#tools.clock.monotonicMs();
    await this.#lane(first);
  }

  /** Runs assets one at a time in one slot until none is left. */
  async #lane(first?: AssetTask): Promise<void> {
    const slots = this.#slots;
    const slice = this.#slice;
    let nowMs = this.#tools.clock.monotonicMs();
    for (let task = first ?? this.#next(nowMs); task; task = this.#next(nowMs)) {
      const running = this.#run(task);
      if (running) await running;
      if (task.abandoned) return;
      nowMs = this.#endedMs;
      const [isOver, isWanted] = [slice.isOver(nowMs), slots.mustMakeRoom(nowMs)];
      if (!isOver && !isWanted) continue;
      if (isOver) await slice.turn();
      if (isWanted) await slots.makeRoom(nowMs);
      nowMs = this.#tools.clock.monotonicMs();
    }
    slots.release();
    this.#drain.end();
  }

  /**
   * Runs an asset and adds its end to the part, unless it was abandoned meanwhile. Returns a promise only if it has to be
   * awaited. Never throws or rejects.
   */
  readonly #run = (task: AssetTask): Promise<void> | undefined => {
    try {
      const end = runAsset(task, this.#assetTools);
      if (isThenable(end)) return this.#finishLater(task, end);
      this.#finish(task, end);
    } catch (error) {
      this.#fail(task, error);
    }
    return undefined;
  };

  async #finishLater(task: AssetTask, end: Promise<AssetEnd | undefined>): Promise<void> {
    try {
      this.#finish(task, await end);
    } catch (error) {
      this.#fail(task, error);
    }
  }

  #finish(task: AssetTask, end: AssetEnd | undefined): void {
    if (!task.abandoned) this.#ended(task, end);
    task.end();
  }

  /** Stops the chunk. The asset stays open: it is not to blame. */
  #fail(task: AssetTask, error: unknown): void {
    task.end();
    if (task.abandoned) return;
    this.#inFlight.delete(task);
    this.#endedMs = this.#tools.clock.monotonicMs();
    this.error = error;
    this.stop(isUnavailable(error) ? "unavailable" : "failed", true);
  }

  #next(nowMs: number): AssetTask | undefined {
    if (this.stopped) return undefined;
    if (this.#assets.untouched) this.part.begin(nowMs);
    const task = this.#assets.take(nowMs, this.#batchesOpen);
    if (task) this.#inFlight.add(task);
    return task;
  }

  /** Adds the asset's end to the part. An asset without an end was told to stop and stays open. */
  #ended(task: AssetTask, end: AssetEnd | undefined): void {
    this.#inFlight.delete(task);
    const nowMs = this.#tools.clock.monotonicMs();
    this.#endedMs = nowMs;
    if (!end) return;
    const { index, path, fileType: type, sizeBytes } = task;
    this.part.add({ index, path, type, sizeBytes, end, startedMs: Math.min(task.tryStartedMs, nowMs), endedMs: nowMs });
    this.#results.add(end.bytes ?? 0);
    if (this.part.isHeavy) this.#drain.commitNow();
  }
}
