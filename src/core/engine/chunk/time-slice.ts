import type { Clock } from "../../ports/clock.js";

/** Yields to the host's event loop after so many milliseconds of uninterrupted work, and not more often. */
export class TimeSlice {
  #startedMs = 0;
  #waiting = 0;
  #lastTurn: Promise<void> = Promise.resolve();
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

  /**
   * Returns undefined if work may go on at once. Else, and while others wait, a promise of a turn: of several that wait,
   * one goes on after each turn, so that what they do then does not add up.
   */
  pass(): Promise<void> | undefined {
    if (this.#waiting === 0 && !this.isOver(this.#clock.monotonicMs())) return undefined;
    this.#waiting++;
    const turn = this.#lastTurn.then(() => this.turn());
    this.#lastTurn = turn;
    return turn.finally(() => {
      this.#waiting--;
    });
  }

  async turn(): Promise<void> {
    await this.#clock.yield();
    this.#startedMs = this.#clock.monotonicMs();
  }
}
