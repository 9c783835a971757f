/** The slots that a job holds and waits for, and the slot time that it has had. */
export class SlotShare {
  readonly weight: number;
  /** Those that wait for a slot, in order. */
  readonly waiting: (() => void)[] = [];
  /** When to look again whether its holders must make room. */
  lookMs = 0;
  #held = 0;
  /** Slot time until `#atMs`, in milliseconds times slots. */
  #usedMs = 0;
  #atMs = 0;

  constructor(weight: number) {
    this.weight = weight;
  }

  /** Number of slots held. */
  get held(): number {
    return this.#held;
  }

  /** Whether it neither holds nor wants a slot. */
  get isIdle(): boolean {
    return this.#held === 0 && this.waiting.length === 0;
  }

  /** Slot time per weight: the job with the least is furthest behind its share. */
  servedAt(nowMs: number): number {
    return (this.#usedMs + this.#held * (nowMs - this.#atMs)) / this.weight;
  }

  /** Takes (1) or gives back (-1) a slot. */
  hold(by: 1 | -1, nowMs: number): void {
    this.#usedMs += this.#held * (nowMs - this.#atMs);
    this.#atMs = nowMs;
    this.#held += by;
  }

  /** Begins to want slots: time in which it wanted none is not made up for. */
  begin(served: number): void {
    this.#usedMs = Math.max(this.#usedMs, served * this.weight);
  }
}
