import type { Clock } from "../../ports/clock.js";

/** Lets the host's event loop turn after so many milliseconds of uninterrupted work, and not more often. */
export class TimeSlice {
  #startedMs = 0;
  readonly #clock: Clock;
  readonly #lengthMs: number;

  constructor(clock: Clock, lengthMs: number) {
    this.#clock = clock;
    this.#lengthMs = lengthMs;
  }

  /** True where the loop should turn now; `nowMs` is the clock's monotonic time. */
  isOver(nowMs: number): boolean {
    return nowMs - this.#startedMs > this.#lengthMs;
  }

  async turn(): Promise<void> {
    await this.#clock.yield();
    this.#startedMs = this.#clock.monotonicMs();
  }
}
