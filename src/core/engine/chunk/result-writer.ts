import { isUnavailable } from "../../errors.js";
import type { Outcome } from "../../asset/outcome.js";
import type { RefusalCode, RefusedWrite } from "../../asset/asset-result.js";
import type { Clock } from "../../ports/clock.js";
import { retryWhileUnavailable } from "../retry-while-unavailable.js";
import type { Rerun } from "./open-assets.js";
import type { LeasedWork, StopReason } from "../leased-work.js";
import type { EndedAsset, PartBuilder } from "./part-builder.js";
import type { EngineTools } from "../tools.js";
import type { UnavailableNotice } from "../health/unavailable-notice.js";

/** How long a write in progress may continue when the job is told to stop, so that it need not be repeated. */
const GRACE_MS = 250;

interface WriterTools extends Pick<EngineTools, "repository" | "latency" | "clock" | "journal" | "random"> {
  readonly notice: Pick<UnavailableNotice, "say">;
}

/** The part of a running chunk that concerns its results. */
export interface WritingRun extends Pick<LeasedWork, "job" | "leaseUntilMs" | "over"> {
  readonly part: PartBuilder;
  readonly stopped: StopReason | undefined;
  /** Aborted when the chunk is told to stop, for any reason. */
  readonly stopping: AbortSignal;
  rerun(assets: readonly Rerun[]): void;
}

type Refusal = Pick<RefusedWrite, "code" | "message">;

/**
 * Writes results that are not part of the commit, just before it. Adds the written assets to the part, so that a
 * repeated commit carries the same outcomes and writes nothing again. A refused write becomes the asset's outcome,
 * except that the first `CHANGED` reruns its handlers on the asset's current state.
 *
 * Writes nothing once the lease is lost or has expired on this process's clock: such assets stay open. They also stay
 * open if the chunk is told to stop while the repository is unreachable or slow.
 */
export class ResultWriter {
  readonly #tools: WriterTools;
  /** The indices that were rerun, by running chunk. */
  readonly #rerun = new WeakMap<WritingRun, Set<number>>();

  constructor(tools: WriterTools) {
    this.#tools = tools;
  }

  /** Writes the chunk's pending results. Throws what the repository throws, except UNAVAILABLE. */
  async write(run: WritingRun): Promise<void> {
    const { repository, latency } = this.#tools;
    const { assets, writes } = run.part.takeUnwritten();
    if (assets.length === 0) return;
    const refused = await this.#answered(run, (signal) =>
      latency.repository.time(() => repository.apply(writes, signal)),
    );
    if (!refused) return;
    const refusals = new Map(refused.map((refusal) => [refusal.path, refusal]));
    const changed: EndedAsset[] = [];
    for (const ended of assets) {
      const refusal = refusals.size === 0 ? undefined : refusals.get(ended.path);
      if (refusal?.code === "CHANGED" && !this.#rerun.get(run)?.has(ended.index)) changed.push(ended);
      else settle(run, ended, refusal);
    }
    await this.#rerunChanged(run, changed);
  }

  async #rerunChanged(run: WritingRun, changed: readonly EndedAsset[]): Promise<void> {
    if (changed.length === 0) return;
    const paths = changed.map(({ path }) => path);
    const nodes = await this.#answered(run, (signal) => this.#tools.repository.stat(paths, signal));
    if (!nodes) return;
    const indices = this.#rerun.get(run) ?? new Set();
    this.#rerun.set(run, indices);
    const reruns: Rerun[] = [];
    changed.forEach((ended, i) => {
      const node = nodes[i];
      if (node?.kind !== "asset") return settle(run, ended, { code: "GONE", message: "the asset no longer exists" });
      indices.add(ended.index);
      reruns.push({ index: ended.index, asset: node.asset });
    });
    run.rerun(reruns);
  }

  /**
   * Retries until the repository answers. Returns undefined if the lease is gone, or the chunk is told to stop, before.
   */
  async #answered<T>(run: WritingRun, action: (signal: AbortSignal) => Promise<T>): Promise<T | undefined> {
    const { clock, journal, notice, random } = this.#tools;
    let failed = false;
    const onUnavailable = (error: unknown, retryInMs: number): void => {
      failed = true;
      journal.unavailable(error, retryInMs);
      void notice.say(run.job.id, error);
    };
    return retryWhileUnavailable(
      async () => {
        if (isLeaseGone(run) || clock.monotonicMs() > run.leaseUntilMs) return undefined;
        if (failed && run.stopped) return undefined;
        const late = lateSignal(run, clock);
        try {
          return await action(late.signal);
        } catch (error) {
          if (late.signal.aborted || (run.stopped && isUnavailable(error))) return undefined;
          throw error;
        } finally {
          late.end();
        }
      },
      { clock, random, onUnavailable, over: run.stopping },
    );
  }
}

/** A preallocated reason: abort() without one creates an error with a stack each time. */
const WRITTEN = new Error("written");

const isLeaseGone = ({ stopped }: WritingRun): boolean => stopped === "lease lost" || stopped === "lease expired";

/**
 * Makes a signal that is aborted shortly after the run is over; at once if its lease is gone, when nothing may be
 * written.
 */
function lateSignal(run: WritingRun, clock: Clock): { readonly signal: AbortSignal; end(): void } {
  const [late, ended] = [new AbortController(), new AbortController()];
  const begin = async (): Promise<void> => {
    if (!isLeaseGone(run)) await clock.sleep(GRACE_MS, ended.signal);
    if (!ended.signal.aborted) late.abort(run.over.reason);
  };
  const onOver = (): void => void begin();
  if (run.over.aborted) onOver();
  else run.over.addEventListener("abort", onOver, { once: true });
  return {
    signal: late.signal,
    end: () => {
      run.over.removeEventListener("abort", onOver);
      ended.abort(WRITTEN);
    },
  };
}

/** Adds an asset's outcome to the part: its own, or the one that follows from a refused write. */
function settle(run: WritingRun, ended: EndedAsset, refusal: Refusal | undefined): void {
  const { outcome } = ended.end;
  run.part.settle(ended, refusal ? refusedAs(refusal, outcome.attempts) : outcome);
}

const SKIPS = { GONE: true, CHANGED: true, LOCKED: true, CHECKED_OUT: true } as const;

const isSkip = (code: RefusalCode): code is keyof typeof SKIPS => Object.hasOwn(SKIPS, code);

const refusedAs = ({ code, message }: Refusal, attempts: number): Outcome =>
  isSkip(code) ? { kind: "SKIPPED", code, message, attempts } : { kind: "FAILED", code, message, attempts };
