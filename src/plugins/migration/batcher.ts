/** How long the first item of a batch waits for others. */
const LINGER_MS = 3;

interface Waiting<T, R> {
  readonly item: T;
  readonly signal: AbortSignal;
  readonly answered: (result: R) => void;
  readonly failed: (error: unknown) => void;
}

/** Combines requests made at about the same time, so that assets in flight share a transaction of the target. */
export class Batcher<T, R> {
  readonly #run: (items: readonly T[], signal: AbortSignal) => Promise<readonly R[]>;
  #waiting: Waiting<T, R>[] = [];

  /** `run` returns one result per item, in order. Its signal is aborted once nobody waits for any of them. */
  constructor(run: (items: readonly T[], signal: AbortSignal) => Promise<readonly R[]>) {
    this.#run = run;
  }

  /** Adds an item to the next batch. Rejects with the signal's reason as soon as it is aborted, even while `run` is at work. */
  ask(item: T, signal: AbortSignal): Promise<R> {
    return new Promise((answered, failed) => {
      if (signal.aborted) return failed(signal.reason);
      this.#waiting.push({ item, signal, answered, failed });
      if (this.#waiting.length === 1) setTimeout(() => void this.#handOn(), LINGER_MS);
    });
  }

  async #handOn(): Promise<void> {
    const batch = this.#waiting;
    this.#waiting = [];
    const unwanted = new AbortController();
    const leave = (): void => {
      for (const { signal, failed } of batch) if (signal.aborted) failed(signal.reason);
      if (batch.every(({ signal }) => signal.aborted)) unwanted.abort(batch[0]?.signal.reason);
    };
    for (const { signal } of batch) signal.addEventListener("abort", leave, { once: true });
    leave();
    try {
      const results = await this.#run(
        batch.map(({ item }) => item),
        unwanted.signal,
      );
      batch.forEach(({ answered }, i) => answered(results[i] as R));
    } catch (error) {
      for (const { failed } of batch) failed(error);
    } finally {
      for (const { signal } of batch) signal.removeEventListener("abort", leave);
    }
  }
}
