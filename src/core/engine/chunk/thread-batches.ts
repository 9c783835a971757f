import type { Asset } from "../../asset/asset.js";
import type { ChunkClaim } from "../../job/chunk.js";
import type { Job } from "../../job/job.js";
import { AssetFailure, RetryableError } from "../../errors.js";
import { type AssetHandler, runsInBatches, runsInThread } from "../../ports/asset-handler.js";
import {
  type BatchThreads,
  MAX_THREAD_DEATHS,
  type ThreadEnd,
  type ThreadFailure,
  type ThreadWork,
} from "../../ports/handler-threads.js";
import { LargerThanListed } from "../asset/asset-context.js";
import type { AssetTask } from "../asset/asset-task.js";
import type { AssetRunTools } from "../asset/run-asset.js";
import type { SlotShare } from "./slot-share.js";
import type { Slots } from "./slots.js";
import type { TimeSlice } from "./time-slice.js";

/** Larger content takes up room, for which an asset has to wait by itself. */
const SMALL_BYTES = 256 * 1024;
/** In a job with fewer assets, starting threads costs more than they save. */
const WORTH_ASSETS = 5_000;

/** What a chunk's batches are made of, and what becomes of their assets. */
export interface BatchWork {
  /** Takes at most so many assets; none if no more are to run. */
  readonly next: (most: number) => readonly AssetTask[];
  /** Called for each asset whose first try was its last. */
  readonly finish: (task: AssetTask) => Promise<void> | undefined;
  /** Called for each asset that must be tried again. */
  readonly again: (task: AssetTask) => void;
}

/**
 * The assets of one chunk that threads take in whole batches: small ones that a single handler accepts, one that runs in
 * batches. All others run in lanes, one by one.
 */
export class ThreadBatches {
  readonly #slots: Slots;
  readonly #share: SlotShare;
  readonly #threads: BatchThreads;
  readonly #tools: AssetRunTools;
  readonly #stop = new AbortController();

  /** Returns undefined if no asset of the chunk may run in a batch. */
  static of(
    { job, alone }: { readonly job: Job; readonly alone: boolean },
    tools: AssetRunTools,
    slots: Slots | undefined,
  ): ThreadBatches | undefined {
    // A thread that has to ask for each content waits longer than lanes, which ask for several at once.
    const threads = tools.context.repository.inThread && tools.inThreads?.threads.batches;
    // What is skipped as unchanged needs no thread, and is looked at one by one.
    if (!threads || !slots || alone || tools.stampOf || !tools.handlers.some(runsInBatches)) return undefined;
    return new ThreadBatches(job, threads, tools, slots);
  }

  private constructor(job: Job, threads: BatchThreads, tools: AssetRunTools, slots: Slots) {
    this.#threads = threads;
    this.#tools = tools;
    this.#slots = slots;
    this.#share = slots.shareOf(job);
  }

  /** Number of lanes that hand over this chunk's assets in batches. */
  lanesFor(assets: number): number {
    return Math.min(this.#threads.capacity, Math.ceil(assets / this.#threads.size));
  }

  readonly fits = (asset: Asset): boolean => this.#handlerOf(asset) !== undefined;

  /** Whether the chunk's assets go to threads from now on, because they are ready or nothing else may run them. */
  get isOpen(): boolean {
    return this.#threads.isWarm || this.#tools.inThreads?.always === true;
  }

  /**
   * Starts the threads if the job is large, as the chunk's number shows, and the chunk has assets for them; calls
   * `onOpen` when they are ready. If they cannot be started, the main thread does all the work.
   */
  warmFor({ lease, open, entries }: ChunkClaim, onOpen: () => void): void {
    const isLarge = (lease.chunk + 1) * entries.length >= WORTH_ASSETS;
    const fits = (index: number): boolean => {
      const asset = entries.at(index)?.asset;
      return asset !== undefined && this.fits(asset);
    };
    if (isLarge && open.some(fits)) void this.#threads.warm().then(onOpen, () => {});
  }

  /** Aborts what runs in threads. */
  abort(reason: Error): void {
    this.#stop.abort(reason);
  }

  /** Runs batches in one slot until there is nothing more to take. */
  async lane(work: BatchWork, slice: TimeSlice): Promise<void> {
    const [slots, share] = [this.#slots, this.#share];
    const next = (): readonly AssetTask[] => work.next(this.#threads.size);
    await slots.acquire(share);
    for (let tasks = next(); tasks.length > 0; tasks = next()) {
      await this.#run(tasks, work);
      const nowMs = this.#tools.clock.monotonicMs();
      if (slice.isOver(nowMs)) await slice.turn();
      if (slots.mustMakeRoom(share, nowMs)) await slots.makeRoom(share);
    }
    slots.release(share);
  }

  /** Runs the tasks' first tries in a thread, and resolves when all have finished, but for those to be tried again. */
  async #run(tasks: readonly AssetTask[], { finish, again }: BatchWork): Promise<void> {
    const finished: Promise<void>[] = [];
    await new Promise<void>((done) => {
      let left = tasks.length;
      this.#threads.run(
        tasks.map((task) => this.#workOf(task)),
        (index, end) => {
          const task = tasks[index];
          if (task) {
            this.#take(task, end);
            if ("error" in end && needsAnotherTry(end.error)) again(task);
            else {
              const later = finish(task);
              if (later) finished.push(later);
            }
          }
          if (--left === 0) done();
        },
      );
    });
    await Promise.all(finished);
  }

  #workOf(task: AssetTask): ThreadWork {
    const { context, inThreads } = this.#tools;
    const { jobId, type, deadlineMs, maxContentBytes, logger, repository } = context;
    const handler = this.#handlerOf(task.asset);
    task.acceptedBy = handler;
    // The thread enforces the deadline.
    task.tryStartedMs = Number.POSITIVE_INFINITY;
    return {
      handler: handler?.name ?? "",
      asset: task.asset,
      jobId,
      type,
      attempt: 1,
      deadlineMs,
      maxContentBytes,
      mostBytes: SMALL_BYTES,
      signal: this.#stop.signal,
      ...(inThreads?.silence ? { silence: inThreads.silence } : {}),
      logger,
      repository,
    };
  }

  /** Passes a thread's answer to the asset's run, which goes on from there. */
  #take(task: AssetTask, end: ThreadEnd | ThreadFailure): void {
    const nowMs = this.#tools.clock.monotonicMs();
    if ("error" in end) {
      const { error } = end;
      task.tryStartedMs = nowMs;
      task.answered = () => {
        if (AssetFailure.is(error) && error.code === "POISON") task.attempts = MAX_THREAD_DEATHS;
        throw error;
      };
      return;
    }
    task.tryStartedMs = nowMs - end.busyMs;
    if (end.contentHash !== undefined) task.content.readAs(end.contentHash);
    if (end.textWarning !== undefined) task.content.textWarning = end.textWarning;
    for (const path in end.others) task.learned(path, end.others[path] ?? false);
    task.answered = () => end.returned;
  }

  /** Returns the only handler that accepts the asset, if it may run in a batch. */
  #handlerOf(asset: Asset): AssetHandler | undefined {
    if (asset.unreadable || asset.sizeBytes > SMALL_BYTES) return undefined;
    let found: AssetHandler | undefined;
    try {
      for (const handler of this.#tools.handlers) {
        if (handler.accepts && !handler.accepts(asset)) continue;
        if (found || !runsInBatches(handler)) return undefined;
        found = handler;
      }
    } catch {
      // Whoever runs the asset gets the error.
      return undefined;
    }
    return found && (found.thread === true || !runsInThread(found, asset.sizeBytes)) ? found : undefined;
  }
}

const needsAnotherTry = (error: unknown): boolean => RetryableError.is(error) || error instanceof LargerThanListed;
