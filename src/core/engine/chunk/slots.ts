import type { Job } from "../../job/job.js";
import { weightOf } from "../../job/share.js";
import type { Clock } from "../../ports/clock.js";
import { SlotShare } from "./slot-share.js";

/** A slot passes to another job only if that one is this much slot time behind. */
const QUANTUM_MS = 2;
/** When so many jobs are remembered, those that are idle are forgotten. */
const MAX_REMEMBERED = 100;

/**
 * A resizable semaphore that limits the assets in flight in this process. A free slot goes to the job that is furthest
 * behind its share of slot time; within a job, waiters are served in order.
 */
export class Slots {
  readonly #clock: Pick<Clock, "monotonicMs">;
  #count: number;
  #taken = 0;
  readonly #shares = new Map<string, SlotShare>();
  /** Shares that someone waits in. */
  readonly #waiting = new Set<SlotShare>();
  /** What the job served last has had, per weight. */
  #served = 0;

  constructor(count: number, clock: Pick<Clock, "monotonicMs">) {
    this.#count = count;
    this.#clock = clock;
  }

  /** Number of free slots. */
  get free(): number {
    return Math.max(0, this.#count - this.#taken);
  }

  /** Returns the job's share, the same for all its chunks. */
  shareOf(job: Pick<Job, "id" | "request">): SlotShare {
    const known = this.#shares.get(job.id);
    if (known) return known;
    if (this.#shares.size >= MAX_REMEMBERED)
      for (const [id, { isIdle }] of this.#shares) if (isIdle) this.#shares.delete(id);
    const share = new SlotShare(weightOf(job));
    this.#shares.set(job.id, share);
    return share;
  }

  /** Changes the number of slots. Slots taken beyond it stay taken until they are released. */
  resize(count: number): void {
    this.#count = count;
    this.#grant();
  }

  /** Takes a slot; waits until one is free and it is this job's turn. */
  async acquire(share: SlotShare): Promise<void> {
    if (share.isIdle) share.begin(this.#servedNow);
    if (this.#taken < this.#count) {
      this.#give(share, this.#clock.monotonicMs());
      return;
    }
    this.#waiting.add(share);
    await new Promise<void>((granted) => share.waiting.push(granted));
  }

  release(share: SlotShare): void {
    this.#taken--;
    share.hold(-1, this.#clock.monotonicMs());
    this.#grant();
  }

  /** Releases a slot and takes one again, before all others of its job. */
  async makeRoom(share: SlotShare): Promise<void> {
    const again = new Promise<void>((granted) => share.waiting.unshift(granted));
    this.#waiting.add(share);
    this.release(share);
    await again;
  }

  /** Returns whether a holder should make room: there are fewer slots now, or another job is behind its share. */
  mustMakeRoom(share: SlotShare, nowMs: number): boolean {
    if (this.#taken > this.#count) return true;
    if (this.#waiting.size === 0 || nowMs < share.lookMs) return false;
    const served = share.servedAt(nowMs);
    for (const other of this.#waiting) {
      if (other !== share && (served - other.servedAt(nowMs)) * other.weight > QUANTUM_MS) return true;
    }
    share.lookMs = nowMs + QUANTUM_MS / 2;
    return false;
  }

  /** What the busy job that is furthest behind has had, per weight: a job that begins now starts from there. */
  get #servedNow(): number {
    const nowMs = this.#clock.monotonicMs();
    const busy = [...this.#shares.values()].filter(({ isIdle }) => !isIdle);
    return busy.length === 0 ? this.#served : Math.min(...busy.map((share) => share.servedAt(nowMs)));
  }

  #grant(): void {
    while (this.#taken < this.#count) {
      const nowMs = this.#clock.monotonicMs();
      const next = this.#furthestBehind(nowMs);
      const granted = next?.waiting.shift();
      if (!next || !granted) return;
      if (next.waiting.length === 0) this.#waiting.delete(next);
      this.#give(next, nowMs);
      granted();
    }
  }

  #furthestBehind(nowMs: number): SlotShare | undefined {
    let found: SlotShare | undefined;
    let least = Number.POSITIVE_INFINITY;
    for (const share of this.#waiting) {
      // Slots held count a little at once, so that slots that become free together are shared, too.
      const served = share.servedAt(nowMs) + (share.held * QUANTUM_MS) / share.weight;
      if (served < least) [found, least] = [share, served];
    }
    return found;
  }

  #give(share: SlotShare, nowMs: number): void {
    this.#taken++;
    this.#served = Math.max(this.#served, share.servedAt(nowMs));
    share.hold(1, nowMs);
  }
}
