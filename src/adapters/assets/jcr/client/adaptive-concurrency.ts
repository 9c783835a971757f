import { setTimeout as sleep } from "node:timers/promises";
import pLimit from "p-limit";
import { untilAborted } from "./until-aborted.js";

/** A first byte that takes so long shows a server that is at its limit. */
const SLOW_MS = 3_000;
/** So many good answers in a row let one more request at once. */
const GOOD_IN_A_ROW = 20;
const MAX_PAUSE_MS = 30_000;

/**
 * How hard a server is asked: so many requests at once, half as many after each slow answer or refusal, one more after
 * every so many good ones; none at all while it asked for a pause.
 */
export class AdaptiveConcurrency {
  readonly #most: number;
  readonly #limit: ReturnType<typeof pLimit>;
  #good = 0;
  #notBefore = 0;

  constructor(most: number) {
    this.#most = most;
    this.#limit = pLimit(most);
  }

  /** Requests at once, at present. */
  get width(): number {
    return this.#limit.concurrency;
  }

  /** Runs the request in its turn. Rejects with the signal's reason once that is aborted, whoever hangs before it. */
  turn<T>(run: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    const turn = this.#limit(async () => {
      signal?.throwIfAborted();
      const pauseMs = this.#notBefore - performance.now();
      if (pauseMs > 0) await sleep(pauseMs, undefined, signal ? { signal } : {});
      return run();
    });
    return untilAborted(turn, signal);
  }

  answered(afterMs: number): void {
    if (afterMs > SLOW_MS) return this.#less();
    if (++this.#good < GOOD_IN_A_ROW) return;
    this.#good = 0;
    this.#limit.concurrency = Math.min(this.#most, this.#limit.concurrency + 1);
  }

  /** The server asked for patience: nobody asks again before. */
  refused(pauseMs: number): void {
    this.#notBefore = Math.max(this.#notBefore, performance.now() + Math.min(pauseMs, MAX_PAUSE_MS));
    this.#less();
  }

  #less(): void {
    this.#good = 0;
    this.#limit.concurrency = Math.max(1, Math.floor(this.#limit.concurrency / 2));
  }
}

/** `Retry-After`, in seconds or as a date, as milliseconds from now; undefined where it says nothing usable. */
export function retryAfterMs(header: string | undefined): number | undefined {
  if (header === undefined) return undefined;
  const ms = /^\d+$/.test(header) ? Number(header) * 1_000 : Date.parse(header) - Date.now();
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
}
