import { setTimeout as sleep } from "node:timers/promises";
import { getHeapStatistics } from "node:v8";

const MIB = 1024 * 1024;
const SETTLE_LOOKS = 20;
const SETTLE_LOOK_MS = 50;

/** What this process holds that is not the main thread's heap or buffers: threads', above all. */
const heldByOthers = (): number => {
  const { total_heap_size, external_memory } = getHeapStatistics();
  return process.memoryUsage.rss() - total_heap_size - external_memory;
};

/**
 * The cap of a thread's heap leaves out its buffers, and no thread can be asked while it runs. But the process can: what
 * it has grown by beyond all heaps that its threads may have, and one more, is too much.
 */
export class MemoryGuard {
  readonly #memoryMb: number;
  readonly #held: () => number;
  #floor: number;

  constructor(memoryMb: number, held: () => number = heldByOthers) {
    this.#memoryMb = memoryMb;
    this.#held = held;
    this.#floor = held();
  }

  /** From here on growth counts. Memory that an ended thread gave back may still be the process's own. */
  begin(): void {
    this.#floor = this.#held();
  }

  /** Waits a while for what an ended thread held to be given back, so that the next one does not come on top of it. */
  async settle(): Promise<void> {
    const before = this.#held();
    for (let i = 0; i < SETTLE_LOOKS && this.#held() > before / 2; i++) await sleep(SETTLE_LOOK_MS);
  }

  /** With so many threads at work. */
  isOver(atWork: number): boolean {
    const held = this.#held();
    this.#floor = Math.min(this.#floor, held);
    return held - this.#floor > this.limitMb(atWork) * MIB;
  }

  limitMb(atWork: number): number {
    return this.#memoryMb * (atWork + 1);
  }
}
