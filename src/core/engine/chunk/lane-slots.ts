import type { Job } from "../../job/job.js";
import type { Slots } from "./slots.js";
import type { SlotShare } from "./slot-share.js";

/**
 * What a lane holds while it runs: one of the process's slots and, if its handlers run in threads, a thread slot, taken
 * first. Threads run assets in batches, so there are more thread slots than slots.
 */
export class LaneSlots {
  readonly #slots: Slots;
  readonly #share: SlotShare;
  readonly #threadSlots: Slots | undefined;
  readonly #threadShare: SlotShare | undefined;

  constructor(job: Pick<Job, "id" | "request">, slots: Slots, threadSlots: Slots | undefined) {
    this.#slots = slots;
    this.#share = slots.shareOf(job);
    this.#threadSlots = threadSlots;
    this.#threadShare = threadSlots?.shareOf(job);
  }

  async acquire(): Promise<void> {
    if (this.#threadShare) await this.#threadSlots?.acquire(this.#threadShare);
    await this.#slots.acquire(this.#share);
  }

  release(): void {
    this.#slots.release(this.#share);
    if (this.#threadShare) this.#threadSlots?.release(this.#threadShare);
  }

  /** Returns whether the lane should make room: there are fewer slots than before, or another job is behind its share. */
  mustMakeRoom(nowMs: number): boolean {
    return this.#slots.mustMakeRoom(this.#share, nowMs) || this.#isThreadWanted(nowMs);
  }

  /** Gives up what others want, and waits for it again before all others of its job. */
  async makeRoom(nowMs: number): Promise<void> {
    if (!this.#threadShare || !this.#isThreadWanted(nowMs)) return this.#slots.makeRoom(this.#share);
    this.#slots.release(this.#share);
    await this.#threadSlots?.makeRoom(this.#threadShare);
    await this.#slots.acquire(this.#share);
  }

  /** Runs work outside the slot, which others can use meanwhile. */
  async outside<T>(work: () => Promise<T>): Promise<T> {
    this.#slots.release(this.#share);
    try {
      return await work();
    } finally {
      await this.#slots.acquire(this.#share);
    }
  }

  #isThreadWanted(nowMs: number): boolean {
    return this.#threadShare !== undefined && this.#threadSlots?.mustMakeRoom(this.#threadShare, nowMs) === true;
  }
}
