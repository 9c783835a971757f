import { setTimeout as sleep } from "node:timers/promises";
import pLimit from "p-limit";
import { untilAborted } from "./until-aborted.js";

/** A response that starts later than this shows a server at its limit. */
const SLOW_MS = 3_000;
/** Good responses in a row that raise the limit by one. */
const GOOD_IN_A_ROW = 20;
const MAX_PAUSE_MS = 30_000;

/**
 * Limits concurrent requests to what the server can handle: halves the limit after a slow response or a refusal, raises it by
 * one after a run of good ones, and pauses while the server asked for that (`Retry-After`).
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

  /** The current limit. */
  get width(): number {
    return this.#limit.concurrency;
  }

  /** Runs the request in its turn. Rejects with the signal's reason once that is aborted, even while it waits. */
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

  /** The server refused: no request starts before the pause is over. */
  refused(pauseMs: number): void {
    this.#notBefore = Math.max(this.#notBefore, performance.now() + Math.min(pauseMs, MAX_PAUSE_MS));
    this.#less();
  }

  #less(): void {
    this.#good = 0;
    this.#limit.concurrency = Math.max(1, Math.floor(this.#limit.concurrency / 2));
  }
}

/** Parses `Retry-After` (seconds or a date) to milliseconds from now; undefined if it is unusable. */
export function retryAfterMs(header: string | undefined): number | undefined {
  if (header === undefined) return undefined;
  const ms = /^\d+$/.test(header) ? Number(header) * 1_000 : Date.parse(header) - Date.now();
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
}
