import type { WaitingWork } from "../ports/chunk-store.js";
import type { Clock } from "../ports/clock.js";
import { type Claimant, lag, weightOf } from "../job/share.js";
import { AssetLanes } from "./chunk/asset-lanes.js";
import { DiscoveryRun } from "./discovery/discovery-run.js";
import type { LeasedWork } from "./leased-work.js";

/** How often a busy worker asks what waits. */
const ASK_EVERY_MS = 400;
/** How often it asks for a careful chunk: a worker that holds nothing should get it first. */
const ASK_FOR_CARE_EVERY_MS = 5_000;
/** Work claimed later than this is not given up, so that it gets somewhere. */
const KEPT_MS = 1_000;

/** How many jobs that nobody works on a worker has room for. */
export interface Room {
  readonly chunks: number;
  readonly discoveries: number;
}

/**
 * Decides what a busy worker gives up for others: everything for a careful chunk, which must be alone in its process, and
 * some of its chunks or discoveries for jobs that nobody works on, so that no job starves behind long ones. Assets in
 * flight end first, and nothing that has ended is lost.
 */
export class MakingWay {
  readonly #held: ReadonlySet<LeasedWork>;
  readonly #clock: Pick<Clock, "monotonicMs">;
  #forCare = false;
  #askedMs: number;
  #askedForCareMs: number;

  constructor(held: ReadonlySet<LeasedWork>, clock: Pick<Clock, "monotonicMs">) {
    this.#held = held;
    this.#clock = clock;
    this.#askedMs = this.#askedForCareMs = clock.monotonicMs();
  }

  /** Returns whether the worker may claim. Before, gives up work for what waits and has no room. */
  async mayClaim(room: Room, ask: () => Promise<WaitingWork>): Promise<boolean> {
    if (this.#held.size === 0) {
      this.#forCare = false;
      return true;
    }
    if (this.#forCare || [...this.#held].some((work) => work.alone)) return false;
    const nowMs = this.#clock.monotonicMs();
    if (nowMs - this.#askedMs < ASK_EVERY_MS) return true;
    this.#askedMs = nowMs;
    const { care, unserved } = await ask();
    if (nowMs - this.#askedForCareMs >= ASK_FOR_CARE_EVERY_MS) {
      this.#askedForCareMs = nowMs;
      this.#forCare = care;
    }
    if (this.#forCare) for (const work of this.#held) work.stop("making way", false);
    const held = [...this.#held];
    const chunks = unserved.filter(({ ready }) => ready > 0).slice(room.chunks);
    giveUp(
      held.filter((work) => work instanceof AssetLanes),
      chunks,
      nowMs,
    );
    const discoveries = unserved.filter(({ discovery }) => discovery).slice(room.discoveries);
    giveUp(
      held.filter((work) => work instanceof DiscoveryRun),
      discoveries,
      nowMs,
    );
    return !this.#forCare;
  }
}

/**
 * Stops work that would go to one of `unserved` if it were free: at most half of it at a time. What was told to stop
 * already, but waits for its assets in flight, counts.
 */
function giveUp(held: readonly LeasedWork[], unserved: readonly Claimant[], nowMs: number): void {
  const kept = held.filter(({ isStopped }) => !isStopped);
  const going = held.length - kept.length;
  const lagOnceFree = ({ job, sinceMs }: LeasedWork): number => {
    const others = kept.filter((work) => work.job.id === job.id).length - 1;
    return lag({ weight: weightOf(job), held: others, waitedMs: nowMs - sinceMs });
  };
  const least = kept
    .filter(({ sinceMs, hasProgress }) => hasProgress && nowMs - sinceMs >= KEPT_MS)
    .map((work) => ({ work, lag: lagOnceFree(work) }))
    .sort((a, b) => a.lag - b.lag)
    .slice(0, Math.max(0, Math.ceil(held.length / 2) - going));
  for (const [i, { work, lag: mine }] of least.entries()) {
    const next = unserved[going + i];
    if (next && lag(next) > mine) work.stop("making way", false);
  }
}
