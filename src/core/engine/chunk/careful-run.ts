import type { Lease } from "../../job/lease.js";
import type { ChunkClaim } from "../../job/chunk.js";
import { isUnavailable } from "../../errors.js";
import type { Job } from "../../job/job.js";
import { MAX_CHARGES } from "../../job/lease-rules.js";
import type { Outcome } from "../../asset/outcome.js";
import { AssetTask } from "../asset/asset-task.js";
import { assetTools } from "../asset/asset-tools.js";
import type { AgainAsset } from "./chunk-run.js";
import type { Committer } from "./committer.js";
import { endsWaiting, type HeldWork, type StopReason } from "../held-work.js";
import { insist } from "../insist.js";
import { PartBuilder } from "./part-builder.js";
import type { WritingRun } from "./result-writer.js";
import { type AssetEnd, type AssetRunTools, runAsset } from "../asset/run-asset.js";
import type { ChunkEnd, ChunkLoop } from "./run-chunk.js";
import { silenceOf } from "../health/silence.js";
import type { Slots } from "./slots.js";
import type { EngineTools } from "../tools.js";

/**
 * A chunk whose owners died twice in a row, at work: alone in its process, one asset after the other. Each is announced
 * before it starts, and its outcome is committed before the next one is announced; so if this process dies, too, the
 * store knows of which asset. The one that was charged three times gets its outcome without being started.
 */
export class CarefulRun implements HeldWork, WritingRun {
  readonly job: Job;
  readonly claim: ChunkClaim;
  readonly part: PartBuilder;
  leaseUntilMs: number;
  stopped: StopReason | undefined;
  /** What broke, where something did. */
  error: unknown;
  readonly #tools: EngineTools;
  readonly #assetTools: AssetRunTools;
  readonly #again: AgainAsset[] = [];
  readonly #left = new AbortController();
  readonly #over = new AbortController();
  #task: AssetTask | undefined;
  #overdue: (() => void) | undefined;

  constructor(job: Job, claim: ChunkClaim, leaseUntilMs: number, slots: Slots, tools: EngineTools) {
    this.job = job;
    this.claim = claim;
    this.leaseUntilMs = leaseUntilMs;
    this.#tools = tools;
    this.part = new PartBuilder(claim, tools.clock, tools.repository.enlist !== undefined);
    this.#assetTools = assetTools(this, slots, tools);
  }

  get lease(): Lease {
    return this.claim.lease;
  }

  get over(): AbortSignal {
    return this.#over.signal;
  }

  stop(reason: StopReason, abort: boolean): void {
    this.stopped ??= reason;
    if (!abort) return;
    if (endsWaiting(reason)) this.#over.abort(new Error(reason));
    this.#task?.abort(new Error(reason));
  }

  leave(): void {
    this.#left.abort();
  }

  enforceDeadline(nowMs: number): void {
    const task = this.#task;
    if (!task || task.abandoned || nowMs - task.tryStartedMs <= this.#tools.options.deadlineMs) return;
    const silent = silenceOf(this.#tools);
    if (silent) {
      task.tryStartedMs = nowMs;
      this.error ??= silent;
      this.stop("unavailable", true);
      return;
    }
    task.abandoned = true;
    task.abort(new Error("deadline"));
    this.#overdue?.();
  }

  /** Where the asset at hand changed meanwhile, it is handled once more before anything else. */
  again(assets: readonly AgainAsset[]): void {
    if (!this.stopped) this.#again.push(...assets);
  }

  /** The chunk loop of careful mode. Ends as `runChunk` does. */
  async run({ committer, results, onAnswer }: Omit<ChunkLoop, "clock" | "commitEveryMs">): Promise<ChunkEnd> {
    for (const index of this.claim.open) {
      const asset = this.claim.entries[index]?.asset;
      if (!asset || this.stopped) break;
      const poisoned = this.claim.careful?.poisoned === index;
      if (!poisoned && (await this.#announce(index)) === "lost") return "lost";
      for (let next: AgainAsset | undefined = { index, asset }; next; next = this.#again.shift()) {
        await this.#handle(next, poisoned);
        if (this.#left.signal.aborted) return "left";
        await results?.write(this);
      }
      const end = await this.#commit(committer, onAnswer);
      if (end !== "goes on") return end;
    }
    return "stopped";
  }

  async #announce(index: number): Promise<"announced" | "lost"> {
    const { chunks } = this.#tools;
    return insist(() => chunks.announce(this.lease, index), this.#tools, this.#left.signal);
  }

  /** Adds the asset's end to the part; none where it was told to stop, or its repository cannot be reached. */
  async #handle({ index, asset }: AgainAsset, poisoned: boolean): Promise<void> {
    // It may have been told to stop while it was announced.
    if (this.stopped) return;
    const { clock } = this.#tools;
    const startedMs = clock.monotonicMs();
    const task = new AssetTask(index, asset, this.#assetTools.content, startedMs);
    const end = poisoned ? { outcome: POISONED } : await this.#ended(task);
    const { path, fileType: type } = task;
    if (end) this.part.add({ index, path, type, end, startedMs, endedMs: clock.monotonicMs() });
  }

  async #ended(task: AssetTask): Promise<AssetEnd | undefined> {
    this.#task = task;
    const overdue = new Promise<AssetEnd>((over) => {
      this.#overdue = () => {
        const message = `not done within ${this.#tools.options.deadlineMs} ms`;
        over({ outcome: { kind: "FAILED", code: "DEADLINE", message, attempts: task.attempts } });
      };
    });
    const { signal } = this.#left;
    let onLeft = (): void => {};
    const left = new Promise<undefined>((over) => {
      onLeft = () => over(undefined);
      signal.addEventListener("abort", onLeft, { once: true });
    });
    try {
      return await Promise.race([runAsset(task, this.#assetTools), overdue, left]);
    } catch (error) {
      this.error = error;
      this.stop(isUnavailable(error) ? "unavailable" : "failed", true);
      return undefined;
    } finally {
      signal.removeEventListener("abort", onLeft);
      this.#task = undefined;
    }
  }

  /** "stopped" where the asset at hand has no outcome: none after it may be announced. */
  async #commit(committer: Committer, onAnswer: ChunkLoop["onAnswer"]): Promise<ChunkEnd | "goes on"> {
    const part = this.part.take();
    if (!part) return "stopped";
    const answer = await committer.commit(part, true);
    onAnswer(answer);
    if (answer.end === "lost") return "lost";
    if (part.closes) return "done";
    return part.advances ? "goes on" : "stopped";
  }
}

const POISONED: Outcome = Object.freeze({
  kind: "FAILED",
  code: "POISON",
  message: `its process died ${MAX_CHARGES} times in a row while it was handled`,
  attempts: MAX_CHARGES,
});
