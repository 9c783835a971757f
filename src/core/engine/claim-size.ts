import type { Clock } from "../ports/clock.js";
import type { Slots } from "./chunk/slots.js";

/** Claimed work should last about this long, so that slots never wait for a claim and leases are not hoarded. */
const AHEAD_MS = 1_000;
const MAX_CHUNKS = 60;
/** If no chunk has ended for this long, the leased chunks are long ones. */
const STARVED_AFTER_MS = 250;
/** The speed is averaged over about this many chunks; the latest weigh most. */
const REMEMBERED = 40;

/** Decides how many chunks a worker should claim next, by how fast its recent chunks ended. */
export class ClaimSize {
  readonly #clock: Clock;
  readonly #slots: Pick<Slots, "free">;
  #busy = 0;
  #ended = 0;
  /** Start of the time in which the remembered chunks ended. Moved forward over times without any chunk. */
  #sinceMs = 0;
  #idleSinceMs = 0;
  /** When a chunk ended last. */
  #endedMs: number;

  constructor(clock: Clock, slots: Pick<Slots, "free">) {
    this.#clock = clock;
    this.#slots = slots;
    this.#sinceMs = this.#idleSinceMs = this.#endedMs = clock.monotonicMs();
  }

  /** Number of chunks to claim now. 0 if the claimed work lasts for a while and keeps every slot busy. */
  get chunks(): number {
    const wanted = Math.min(MAX_CHUNKS, Math.max(2, Math.ceil(AHEAD_MS / this.#chunkMs)));
    if (this.#busy * 2 <= wanted) return wanted - this.#busy;
    // While chunks keep ending, the next claim comes soon: a slot that is free for a moment does not matter.
    if (this.#clock.monotonicMs() - this.#endedMs < STARVED_AFTER_MS) return 0;
    return Math.max(0, Math.min(this.#slots.free, MAX_CHUNKS - this.#busy));
  }

  began(): void {
    if (this.#busy++ === 0) this.#sinceMs += this.#clock.monotonicMs() - this.#idleSinceMs;
  }

  ended(): void {
    const nowMs = this.#clock.monotonicMs();
    this.#endedMs = nowMs;
    this.#ended++;
    if (this.#ended > REMEMBERED) {
      this.#ended /= 2;
      this.#sinceMs = nowMs - (nowMs - this.#sinceMs) / 2;
    }
    if (--this.#busy === 0) this.#idleSinceMs = nowMs;
  }

  /** Average time per chunk. Until the first chunk has ended, chunks are assumed to be long. */
  get #chunkMs(): number {
    const nowMs = this.#busy === 0 ? this.#idleSinceMs : this.#clock.monotonicMs();
    return this.#ended === 0 ? AHEAD_MS : Math.max(0.5, nowMs - this.#sinceMs) / this.#ended;
  }
}
