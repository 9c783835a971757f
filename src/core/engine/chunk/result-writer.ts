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

/** What is being written when the job is told to stop may end within this: then it need not be done again. */
const GRACE_MS = 250;

interface WriterTools extends Pick<EngineTools, "repository" | "latency" | "clock" | "journal" | "random"> {
  readonly notice: Pick<UnavailableNotice, "say">;
}

/** A chunk at work, as far as its results are concerned. */
export interface WritingRun extends Pick<LeasedWork, "job" | "leaseUntilMs" | "over"> {
  readonly part: PartBuilder;
  readonly stopped: StopReason | undefined;
  /** Aborted once it is told to stop, for whatever reason. */
  readonly stopping: AbortSignal;
  rerun(assets: readonly Rerun[]): void;
}

type Refusal = Pick<RefusedWrite, "code" | "message">;

/**
 * Writes results that are not part of the commit, just before it: what was written is added to the part, so that a
 * commit that is repeated carries the same and writes nothing again. A write that was refused becomes the asset's outcome;
 * only `CHANGED` lets its handlers run once more, on the asset as it is now.
 *
 * Nothing is written once the lease is lost or ran out on this process's own clock: such assets stay open. So they do
 * where the repository cannot be reached, or takes its time, and the chunk is told to stop.
 */
export class ResultWriter {
  readonly #tools: WriterTools;
  /** Per chunk at work, the indices that ran once more. */
  readonly #rerun = new WeakMap<WritingRun, Set<number>>();

  constructor(tools: WriterTools) {
    this.#tools = tools;
  }

  /** Throws what the repository threw, unless it was out of reach. */
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
      if (node?.kind !== "asset") return settle(run, ended, { code: "GONE", message: "it went away meanwhile" });
      indices.add(ended.index);
      reruns.push({ index: ended.index, asset: node.asset });
    });
    run.rerun(reruns);
  }

  /** Tries until there is an answer; undefined if the lease, or the will to wait, ended before. */
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

/** A reason at hand: abort() without one makes an error with a stack each time. */
const WRITTEN = new Error("written");

const isLeaseGone = ({ stopped }: WritingRun): boolean => stopped === "lease lost" || stopped === "lease expired";

/** Aborted a little after the run is over, at once where its lease is gone: nothing may be written then. */
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

/** Puts an asset's outcome into the part: its own, or what the refusal makes of it. */
function settle(run: WritingRun, ended: EndedAsset, refusal: Refusal | undefined): void {
  const { outcome } = ended.end;
  run.part.settle(ended, refusal ? refusedAs(refusal, outcome.attempts) : outcome);
}

const SKIPS = { GONE: true, CHANGED: true, LOCKED: true, CHECKED_OUT: true } as const;

const isSkip = (code: RefusalCode): code is keyof typeof SKIPS => Object.hasOwn(SKIPS, code);

const refusedAs = ({ code, message }: Refusal, attempts: number): Outcome =>
  isSkip(code) ? { kind: "SKIPPED", code, message, attempts } : { kind: "FAILED", code, message, attempts };
