import type { Clock } from "../../ports/clock.js";

/** Measures the longest duration of calls of one kind, including calls that have not returned yet. */
export class Stopwatch {
  readonly #clock: Pick<Clock, "monotonicMs">;
  readonly #running = new Set<{ readonly startedMs: number }>();
  /** Callers that wait for an answer, or for its next piece; the longest waiting first. */
  readonly #waiting = new Set<{ readonly startedMs: number }>();
  #answeredMs = Number.NEGATIVE_INFINITY;
  #worstMs = 0;

  constructor(clock: Pick<Clock, "monotonicMs">) {
    this.#clock = clock;
  }

  /** Starts a call. Call the returned function when it ends; further calls have no effect. */
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

  /** Measures the time until the first piece: the others come as fast as the consumer takes them. */
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
      // The consumer wants no more pieces. An iterator that ended by itself need not be told.
      if (!over) await iterator.return?.();
    }
  }

  /** Returns whether a caller has waited for this long while no caller got an answer. */
  isSilent(forMs: number): boolean {
    const [longest] = this.#waiting;
    return (
      longest !== undefined && this.#sinceMs(longest) >= forMs && this.#clock.monotonicMs() - this.#answeredMs >= forMs
    );
  }

  /** Records when a call is answered. An error does not count: it may be a timeout. */
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

  /**
   * Returns the duration of the longest call that ended since the last time, or is still running. 0 if there is none.
   */
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

/** Response times of store and repository. */
export interface Latency {
  readonly store: Stopwatch;
  readonly repository: Stopwatch;
}

export const latencyOn = (clock: Pick<Clock, "monotonicMs">): Latency => ({
  store: new Stopwatch(clock),
  repository: new Stopwatch(clock),
});
