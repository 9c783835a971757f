import type { ChunkClaim, Lease } from "../chunk.js";
import { isUnavailable } from "../errors.js";
import type { Job } from "../job.js";
import { AssetTask } from "./asset-task.js";
import type { HeldWork, StopReason } from "./held-work.js";
import { PartBuilder } from "./part-builder.js";
import { type AssetRunTools, runAsset } from "./run-asset.js";
import type { Slots } from "./slots.js";
import { stampsOf } from "./stamps.js";
import type { TimeSlice } from "./time-slice.js";
import type { EngineTools } from "./tools.js";

/** What all chunks of a worker share. */
export interface SharedWork {
  readonly slots: Slots;
  readonly slice: TimeSlice;
}

/** A claimed chunk at work: its open assets in flight, in order, as many at once as there are slots. */
export class ChunkRun implements HeldWork {
  readonly job: Job;
  readonly claim: ChunkClaim;
  readonly part: PartBuilder;
  leaseUntilMs: number;
  /** Resolves once nothing more will start and every handler ended, or was left behind. Rejects never. */
  readonly ended: Promise<void>;
  stopped: StopReason | undefined;
  /** A handler was left behind at work: the lease must not be given back, but run out. */
  left = false;
  /** What broke, where something did. */
  error: unknown;
  readonly #tools: EngineTools;
  readonly #shared: SharedWork;
  readonly #assetTools: AssetRunTools;
  readonly #inFlight = new Set<AssetTask>();
  #next = 0;
  #lanes = 0;
  #end: () => void = () => {};

  constructor(job: Job, claim: ChunkClaim, leaseUntilMs: number, shared: SharedWork, tools: EngineTools) {
    this.job = job;
    this.claim = claim;
    this.leaseUntilMs = leaseUntilMs;
    this.part = new PartBuilder(claim, tools.clock);
    this.#tools = tools;
    this.#shared = shared;
    this.#assetTools = assetTools(job, claim, this.part, tools);
    this.ended = new Promise((end) => {
      this.#end = end;
    });
    this.#lanes = Math.min(tools.options.concurrency, claim.open.length);
    if (this.#lanes === 0) this.#end();
    for (let i = 0; i < this.#lanes; i++) void shared.slots.acquire().then(() => this.#lane());
  }

  get lease(): Lease {
    return this.claim.lease;
  }

  /** Starts no further asset; tells those in flight, unless they may end in peace. */
  stop(reason: StopReason, abort: boolean): void {
    this.stopped ??= reason;
    if (!abort) return;
    for (const task of this.#inFlight) task.abort(new Error(reason));
  }

  /** Waits no more for handlers that do not heed their signal. */
  leave(): void {
    if (this.#lanes === 0) return;
    this.left = true;
    this.#end();
  }

  /** Gives DEADLINE to what has been in flight too long; its handler is told, and counts no more. */
  enforceDeadline(nowMs: number): void {
    const { deadlineMs } = this.#tools.options;
    for (const task of this.#inFlight) {
      if (task.abandoned || nowMs - task.tryStartedMs <= deadlineMs) continue;
      task.abandoned = true;
      task.abort(new Error("deadline"));
      const message = `not done within ${deadlineMs} ms`;
      const outcome = { kind: "FAILED", code: "DEADLINE", message, attempts: task.attempts } as const;
      const { index, path, fileType } = task;
      this.part.add(index, path, fileType, { outcome }, task.tryStartedMs, nowMs);
      // The lane hangs in that handler: another goes on in the slot that it holds.
      this.#inFlight.delete(task);
      void this.#lane();
    }
  }

  /** Handles asset after asset, in a slot of its own, until none is left to start. */
  async #lane(): Promise<void> {
    const { clock } = this.#tools;
    for (let task = this.#nextTask(); task; task = this.#nextTask()) {
      try {
        const end = await runAsset(task, this.#assetTools);
        if (task.abandoned) return;
        this.#inFlight.delete(task);
        const nowMs = clock.monotonicMs();
        const { index, path, fileType } = task;
        if (end) this.part.add(index, path, fileType, end, Math.min(task.tryStartedMs, nowMs), nowMs);
        if (this.#shared.slice.isOver(nowMs)) await this.#shared.slice.turn();
      } catch (error) {
        if (task.abandoned) return;
        this.#inFlight.delete(task);
        this.error = error;
        this.stop(isUnavailable(error) ? "unavailable" : "failed", true);
      }
    }
    this.#shared.slots.release();
    if (--this.#lanes === 0) this.#end();
  }

  #nextTask(): AssetTask | undefined {
    if (this.stopped) return undefined;
    const index = this.claim.open[this.#next];
    const asset = index === undefined ? undefined : this.claim.entries[index]?.asset;
    if (index === undefined || !asset) return undefined;
    const nowMs = this.#tools.clock.monotonicMs();
    if (this.#next++ === 0) this.part.begin(nowMs);
    const task = new AssetTask(index, asset, this.#assetTools.content, nowMs);
    this.#inFlight.add(task);
    return task;
  }
}

/** What failed before is retried, changed or not. */
const asksForStamps = ({ request }: Job): boolean =>
  request.filter?.filterProcessedAssets === true && request.failedOf === undefined;

function assetTools(job: Job, claim: ChunkClaim, part: PartBuilder, tools: EngineTools): AssetRunTools {
  const { options, repository, createDigest } = tools;
  return {
    // Those it was started with: a handler that came later is not part of this job.
    handlers: tools.handlers.filter((handler) => job.handlers.includes(handler.name)),
    context: {
      jobId: job.id,
      type: job.request.type,
      deadlineMs: options.deadlineMs,
      logger: tools.openHandlerLogger(job, (entry) => part.log(entry)),
      repository,
      maxContentBytes: options.maxContentBytes,
    },
    content: { repository, createDigest, maxBytes: options.maxContentBytes },
    clock: tools.clock,
    random: tools.random,
    tries: options.tries,
    retryDelayMs: options.retryDelayMs,
    ...(asksForStamps(job) ? { stampOf: stampsOf(claim, repository) } : {}),
  };
}
