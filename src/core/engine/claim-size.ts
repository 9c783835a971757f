import type { Clock } from "../ports/clock.js";
import type { Slots } from "./chunk/slots.js";

/** Claimed work should last about so long: slots never wait for a claim, and leases are not hoarded. */
const AHEAD_MS = 1_000;
const MAX_CHUNKS = 20;
/** No chunk has ended for so long: those that are held are long ones. */
const STARVED_AFTER_MS = 250;
/** The speed is that of about so many chunks, the latest weighing most. */
const REMEMBERED = 40;

/** How many chunks a worker should claim next, by the speed at which its chunks have ended lately. */
export class ClaimSize {
  readonly #clock: Clock;
  readonly #slots: Pick<Slots, "free">;
  #busy = 0;
  #ended = 0;
  /** From when on the remembered chunks took their time; moved on over time without any chunk. */
  #sinceMs = 0;
  #idleSinceMs = 0;
  /** When a chunk ended last. */
  #endedMs: number;

  constructor(clock: Clock, slots: Pick<Slots, "free">) {
    this.#clock = clock;
    this.#slots = slots;
    this.#sinceMs = this.#idleSinceMs = this.#endedMs = clock.monotonicMs();
  }

  /** 0 while enough is claimed: enough for a while, and enough that no slot stays free for want of work. */
  get chunks(): number {
    const wanted = Math.min(MAX_CHUNKS, Math.max(2, Math.ceil(AHEAD_MS / this.#chunkMs)));
    if (this.#busy * 2 <= wanted) return wanted - this.#busy;
    // While chunks end one after the other, the next claim is near: a slot that is free for a moment needs none.
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

  /** Before the first end nothing is known: then a chunk is taken for a long one. */
  get #chunkMs(): number {
    const nowMs = this.#busy === 0 ? this.#idleSinceMs : this.#clock.monotonicMs();
    return this.#ended === 0 ? AHEAD_MS : Math.max(0.5, nowMs - this.#sinceMs) / this.#ended;
  }
}
