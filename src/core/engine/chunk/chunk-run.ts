import type { Asset } from "../../asset/asset.js";
import type { Lease } from "../../job/lease.js";
import type { ChunkClaim } from "../../job/chunk.js";
import { isUnavailable } from "../../errors.js";
import type { Job } from "../../job/job.js";
import { AssetTask } from "../asset/asset-task.js";
import { assetTools } from "../asset/asset-tools.js";
import { endsWaiting, type HeldWork, type StopReason } from "../held-work.js";
import { PartBuilder } from "./part-builder.js";
import { type AssetRunTools, runAsset } from "../asset/run-asset.js";
import { silenceOf } from "../health/silence.js";
import type { Slots } from "./slots.js";
import type { TimeSlice } from "./time-slice.js";
import type { EngineTools } from "../tools.js";

/** What all chunks of a worker share. */
export interface SharedWork {
  readonly slots: Slots;
  readonly slice: TimeSlice;
  /** Places in threads, and before them; given where there are threads. */
  readonly places?: Slots;
}

/** An asset that is to be run again, as it is now. */
export interface AgainAsset {
  readonly index: number;
  readonly asset: Asset;
}

/** A claimed chunk at work: its open assets in flight, in order, as many at once as there are slots. */
export class ChunkRun implements HeldWork {
  readonly job: Job;
  readonly claim: ChunkClaim;
  readonly part: PartBuilder;
  leaseUntilMs: number;
  /** Resolves once nothing more will start and every handler ended, or was left behind. Rejects never. */
  ended: Promise<void>;
  stopped: StopReason | undefined;
  /** A handler was left behind at work: the lease must not be given back, but run out. */
  left = false;
  /** What broke, where something did. */
  error: unknown;
  readonly #tools: EngineTools;
  readonly #shared: SharedWork;
  readonly #assetTools: AssetRunTools;
  readonly #places: Slots | undefined;
  readonly #inFlight = new Set<AssetTask>();
  readonly #over = new AbortController();
  readonly #again: AgainAsset[] = [];
  #next = 0;
  #lanes = 0;
  #end: () => void = () => {};

  constructor(job: Job, claim: ChunkClaim, leaseUntilMs: number, shared: SharedWork, tools: EngineTools) {
    this.job = job;
    this.claim = claim;
    this.leaseUntilMs = leaseUntilMs;
    this.part = new PartBuilder(claim, tools.clock, tools.repository.enlist !== undefined);
    this.#tools = tools;
    this.#shared = shared;
    this.#assetTools = assetTools(this, shared.slots, tools);
    // In a thread assets run by batches: so many more have to be under way.
    this.#places = this.#assetTools.inThreads && shared.places;
    this.ended = new Promise((end) => {
      this.#end = end;
    });
    this.#openLanes(claim.open.length);
    if (this.#lanes === 0) this.#end();
  }

  get lease(): Lease {
    return this.claim.lease;
  }

  get over(): AbortSignal {
    return this.#over.signal;
  }

  /** Starts no further asset; tells those in flight, unless they may end in peace. */
  stop(reason: StopReason, abort: boolean): void {
    this.stopped ??= reason;
    if (!abort) return;
    if (endsWaiting(reason)) this.#over.abort(new Error(reason));
    for (const task of this.#inFlight) task.abort(new Error(reason));
  }

  /** Runs the handlers once more on assets that changed meanwhile. Where all had ended, `ended` is another promise now. */
  again(assets: readonly AgainAsset[]): void {
    if (this.stopped || this.left || assets.length === 0) return;
    this.#again.push(...assets);
    if (this.#lanes > 0) return;
    this.ended = new Promise((end) => {
      this.#end = end;
    });
    this.#openLanes(assets.length);
  }

  /** Waits no more for handlers that do not heed their signal. */
  leave(): void {
    if (this.#lanes === 0) return;
    this.left = true;
    this.#end();
  }

  /**
   * Gives DEADLINE to what has been in flight too long; its handler is told, and counts no more. Where it is the repository
   * that is silent, no asset is to blame: the chunk stops as it does where the repository cannot be reached.
   */
  enforceDeadline(nowMs: number): void {
    const { deadlineMs } = this.#tools.options;
    for (const task of this.#inFlight) {
      if (task.abandoned || nowMs - task.tryStartedMs <= deadlineMs) continue;
      const silent = silenceOf(this.#tools);
      if (silent) {
        // Should its handler not heed its signal, its time begins anew.
        task.tryStartedMs = nowMs;
        this.error ??= silent;
        this.stop("unavailable", true);
        continue;
      }
      task.abandoned = true;
      task.abort(new Error("deadline"));
      const message = `not done within ${deadlineMs} ms`;
      const outcome = { kind: "FAILED", code: "DEADLINE", message, attempts: task.attempts } as const;
      const { index, path, fileType: type, tryStartedMs: startedMs } = task;
      this.part.add({ index, path, type, end: { outcome }, startedMs, endedMs: nowMs });
      // The lane hangs in that handler: another goes on in the slot that it holds.
      this.#inFlight.delete(task);
      void this.#lane();
    }
  }

  #openLanes(assets: number): void {
    const most = this.#places && this.#tools.threads ? this.#tools.threads.places : this.#tools.options.concurrency;
    this.#lanes = Math.min(most, assets);
    for (let i = 0; i < this.#lanes; i++) void this.#start();
  }

  async #start(): Promise<void> {
    await this.#places?.acquire();
    await this.#shared.slots.acquire();
    await this.#lane();
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
        const { index, path, fileType: type } = task;
        const startedMs = Math.min(task.tryStartedMs, nowMs);
        if (end) this.part.add({ index, path, type, end, startedMs, endedMs: nowMs });
        if (this.#shared.slice.isOver(nowMs)) await this.#shared.slice.turn();
        await this.#makeRoom();
      } catch (error) {
        if (task.abandoned) return;
        this.#inFlight.delete(task);
        this.error = error;
        this.stop(isUnavailable(error) ? "unavailable" : "failed", true);
      }
    }
    this.#shared.slots.release();
    this.#places?.release();
    if (--this.#lanes === 0) this.#end();
  }

  /** There may be fewer at once by now: waits for its turn again. */
  async #makeRoom(): Promise<void> {
    const { slots } = this.#shared;
    if (!slots.crowded && !this.#places?.crowded) return;
    slots.release();
    if (this.#places?.crowded) {
      this.#places.release();
      await this.#places.acquire();
    }
    await slots.acquire();
  }

  #nextTask(): AssetTask | undefined {
    if (this.stopped) return undefined;
    const again = this.#again.shift();
    if (again) return this.#begin(again.index, again.asset);
    const index = this.claim.open[this.#next];
    const asset = index === undefined ? undefined : this.claim.entries[index]?.asset;
    if (index === undefined || !asset) return undefined;
    if (this.#next++ === 0) this.part.begin(this.#tools.clock.monotonicMs());
    return this.#begin(index, asset);
  }

  #begin(index: number, asset: Asset): AssetTask {
    const type = this.claim.entries[index]?.asset.fileType;
    const task = new AssetTask(index, asset, this.#assetTools.content, this.#tools.clock.monotonicMs(), type);
    this.#inFlight.add(task);
    return task;
  }
}
