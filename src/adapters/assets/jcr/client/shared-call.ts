import { untilAborted } from "./until-aborted.js";

/** A call made once for several callers, and aborted when the last of them gives up. */
export class SharedCall<T> {
  readonly #stop = new AbortController();
  readonly #answer: Promise<T>;
  #waiting = 0;

  constructor(call: (signal: AbortSignal) => Promise<T>) {
    this.#answer = call(this.#stop.signal);
    this.#answer.catch(() => {});
  }

  /** Rejects as the call does, or with the reason of the caller's own signal. */
  async answer(signal: AbortSignal | undefined): Promise<T> {
    this.#waiting++;
    try {
      return await untilAborted(this.#answer, signal);
    } finally {
      if (--this.#waiting === 0) this.#stop.abort();
    }
  }
}
