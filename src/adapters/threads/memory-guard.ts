import { setTimeout as sleep } from "node:timers/promises";
import { getHeapStatistics } from "node:v8";

const MIB = 1024 * 1024;
const SETTLE_LOOKS = 20;
const SETTLE_LOOK_MS = 50;

/** Returns the process's memory apart from the main thread's heap and buffers: mostly that of threads. */
const heldByOthers = (): number => {
  const { total_heap_size, external_memory } = getHeapStatistics();
  return process.memoryUsage.rss() - total_heap_size - external_memory;
};

/**
 * Limits the memory of worker threads. A thread's heap limit does not cover its buffers, and a busy thread cannot be
 * asked. So this watches the process: it must not grow by more than all threads' heap limits and one more.
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

  /** Measures growth from now on. Memory freed by an ended thread may still belong to the process. */
  begin(): void {
    this.#floor = this.#held();
  }

  /** Waits briefly until the memory of an ended thread is returned, so that the next thread's does not add to it. */
  async settle(): Promise<void> {
    const before = this.#held();
    for (let i = 0; i < SETTLE_LOOKS && this.#held() > before / 2; i++) await sleep(SETTLE_LOOK_MS);
  }

  /** Returns whether the process has exceeded the limit for so many busy threads. */
  isOver(atWork: number): boolean {
    const held = this.#held();
    this.#floor = Math.min(this.#floor, held);
    return held - this.#floor > this.limitMb(atWork) * MIB;
  }

  limitMb(atWork: number): number {
    return this.#memoryMb * (atWork + 1);
  }
}
