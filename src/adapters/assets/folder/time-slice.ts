import { setImmediate as nextTurn } from "node:timers/promises";

/** Synchronous file system calls in a row before the host's event loop gets a turn. */
const SLICE_MS = 5;

/** Bounds how long a walk over files holds up the event loop. */
export class TimeSlice {
  #startedMs = performance.now();

  get isOver(): boolean {
    return performance.now() - this.#startedMs > SLICE_MS;
  }

  /** Lets the event loop turn, and starts the next slice. */
  async turn(): Promise<void> {
    await nextTurn();
    this.#startedMs = performance.now();
  }
}
