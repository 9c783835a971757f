import type { Clock } from "../../ports/clock.js";

/** How long calls of one kind take, at worst; one that does not come back counts, too. */
export class Stopwatch {
  readonly #clock: Pick<Clock, "monotonicMs">;
  readonly #running = new Set<{ readonly startedMs: number }>();
  /** Whoever waits for an answer, or for the next piece of one. */
  readonly #waiting = new Set<{ readonly startedMs: number }>();
  #answeredMs = Number.NEGATIVE_INFINITY;
  #worstMs = 0;

  constructor(clock: Pick<Clock, "monotonicMs">) {
    this.#clock = clock;
  }

  /** A call begins; the answer ends it, once. */
  begin(): () => void {
    const call = { startedMs: this.#clock.monotonicMs() };
    this.#running.add(call);
    return () => {
      if (this.#running.delete(call)) this.#worstMs = Math.max(this.#worstMs, this.#sinceMs(call));
    };
  }

  async time<T>(call: () => Promise<T>): Promise<T> {
    const end = this.begin();
    try {
      return await this.#answer(call());
    } finally {
      end();
    }
  }

  /** Measures up to the first piece: what follows comes as fast as it is taken. */
  async *timeFirst<T>(pieces: AsyncIterable<T>): AsyncIterable<T> {
    const end = this.begin();
    const iterator = pieces[Symbol.asyncIterator]();
    let over = false;
    try {
      for (;;) {
        const next = await this.#answer(iterator.next()).catch((error: unknown) => {
          over = true;
          throw error;
        });
        end();
        over = next.done === true;
        if (next.done) return;
        yield next.value;
      }
    } finally {
      end();
      // Whoever wants no more says so; what has ended by itself needs no telling.
      if (!over) await iterator.return?.();
    }
  }

  /** True where somebody has waited for so long, and nobody was answered meanwhile. */
  isSilent(forMs: number): boolean {
    const [longest] = this.#waiting;
    return (
      longest !== undefined && this.#sinceMs(longest) >= forMs && this.#clock.monotonicMs() - this.#answeredMs >= forMs
    );
  }

  /** An error is no answer: it may be that of a timeout. */
  async #answer<T>(answer: Promise<T>): Promise<T> {
    const wait = { startedMs: this.#clock.monotonicMs() };
    this.#waiting.add(wait);
    try {
      const answered = await answer;
      this.#answeredMs = this.#clock.monotonicMs();
      return answered;
    } finally {
      this.#waiting.delete(wait);
    }
  }

  /** The longest call that ended since this was asked last, or has not ended. 0: none. */
  worstMs(): number {
    let worst = this.#worstMs;
    this.#worstMs = 0;
    for (const call of this.#running) worst = Math.max(worst, this.#sinceMs(call));
    return worst;
  }

  #sinceMs({ startedMs }: { readonly startedMs: number }): number {
    return this.#clock.monotonicMs() - startedMs;
  }
}

/** How fast this process is answered. */
export interface Latency {
  readonly store: Stopwatch;
  readonly repository: Stopwatch;
}

export const latencyOn = (clock: Pick<Clock, "monotonicMs">): Latency => ({
  store: new Stopwatch(clock),
  repository: new Stopwatch(clock),
});
