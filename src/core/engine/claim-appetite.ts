import type { Clock } from "../ports/clock.js";

/** Claimed work should last about so long: slots never wait for a claim, and leases are not hoarded. */
const AHEAD_MS = 1_000;
const MAX_CHUNKS = 16;

/** How many chunks a worker should claim next, by the speed at which its chunks have ended lately. */
export class ClaimAppetite {
  readonly #clock: Clock;
  #busy = 0;
  #chunkMs = AHEAD_MS / 2;
  #lastEndMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** 0 while enough is claimed. */
  get chunks(): number {
    const wanted = Math.min(MAX_CHUNKS, Math.max(2, Math.ceil(AHEAD_MS / this.#chunkMs)));
    return this.#busy * 2 <= wanted ? wanted - this.#busy : 0;
  }

  began(): void {
    if (this.#busy++ === 0) this.#lastEndMs = this.#clock.monotonicMs();
  }

  ended(): void {
    this.#busy--;
    const nowMs = this.#clock.monotonicMs();
    this.#chunkMs = 0.7 * this.#chunkMs + 0.3 * Math.max(0.5, nowMs - this.#lastEndMs);
    this.#lastEndMs = nowMs;
  }
}
