import type { Clock } from "../../ports/clock.js";

/** Yields to the host's event loop after so many milliseconds of uninterrupted work, and not more often. */
export class TimeSlice {
  #startedMs = 0;
  readonly #clock: Clock;
  readonly #lengthMs: number;

  constructor(clock: Clock, lengthMs: number) {
    this.#clock = clock;
    this.#lengthMs = lengthMs;
  }

  /** Returns whether the event loop should get a turn. `nowMs`: the clock's monotonic time. */
  isOver(nowMs: number): boolean {
    return nowMs - this.#startedMs > this.#lengthMs;
  }

  async turn(): Promise<void> {
    await this.#clock.yield();
    this.#startedMs = this.#clock.monotonicMs();
  }
}
