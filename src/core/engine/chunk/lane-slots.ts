import type { Slots } from "./slots.js";

/**
 * What a lane holds while it runs: one of the process's slots and, if its handlers run in threads, a thread slot, taken
 * first. Threads run assets in batches, so there are more thread slots than slots.
 */
export class LaneSlots {
  readonly #slots: Slots;
  readonly #threadSlots: Slots | undefined;

  constructor(slots: Slots, threadSlots: Slots | undefined) {
    this.#slots = slots;
    this.#threadSlots = threadSlots;
  }

  async acquire(): Promise<void> {
    await this.#threadSlots?.acquire();
    await this.#slots.acquire();
  }

  release(): void {
    this.#slots.release();
    this.#threadSlots?.release();
  }

  /** Gives a slot up and waits for another if there are fewer now. */
  async makeRoom(): Promise<void> {
    const isCrowded = this.#threadSlots?.crowded;
    if (!this.#slots.crowded && !isCrowded) return;
    this.#slots.release();
    if (isCrowded) {
      this.#threadSlots?.release();
      await this.#threadSlots?.acquire();
    }
    await this.#slots.acquire();
  }
}
