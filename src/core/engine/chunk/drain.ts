import type { Clock } from "../../ports/clock.js";

/** Counts a chunk's lanes, and tells when the last one has ended, or what has ended is to be committed before that. */
export class Drain {
  /** How often lanes were opened. */
  opened = 0;
  readonly #clock: Pick<Clock, "sleep">;
  #lanes = 0;
  #drained: Promise<void> = Promise.resolve();
  #drain: () => void = () => {};
  /** Ends the wait for the next commit. */
  #commitNow: AbortController | undefined;

  constructor(clock: Pick<Clock, "sleep">) {
    this.#clock = clock;
  }

  /** Whether a lane runs or waits for its slot. */
  get hasLanes(): boolean {
    return this.#lanes > 0;
  }

  /** Counts lanes that begin. */
  begin(lanes: number): void {
    this.opened++;
    if (this.#lanes === 0) {
      this.#drained = new Promise((drain) => {
        this.#drain = drain;
      });
    }
    this.#lanes += lanes;
  }

  /** Counts a lane that has ended. */
  end(): void {
    if (--this.#lanes === 0) this.#drain();
  }

  /** Ends the wait for lanes that may never end. */
  giveUp(): void {
    this.#drain();
  }

  /** Resolves when no lane is left, or they were given up. Never rejects. */
  ended(): Promise<void> {
    return this.#drained;
  }

  /** Returns whether no lane is left, after `ms` at the latest, if given; sooner if told to commit at once. */
  async endedWithin(ms: number | undefined): Promise<boolean> {
    const drained = this.#drained.then(() => true);
    if (ms === undefined) return drained;
    const stopWaiting = new AbortController();
    this.#commitNow = stopWaiting;
    try {
      return await Promise.race([drained, this.#clock.sleep(ms, stopWaiting.signal).then(() => false)]);
    } finally {
      stopWaiting.abort(WAITED);
    }
  }

  /** Ends the wait of `endedWithin`. */
  commitNow(): void {
    this.#commitNow?.abort(WAITED);
  }
}

/** A preallocated reason: abort() without one creates an error with a stack each time. */
const WAITED = new Error("waited");
