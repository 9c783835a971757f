import type { Clock } from "../../src/core/ports/clock.js";

interface Sleeper {
  readonly untilMs: number;
  readonly wake: () => void;
}

/** A clock that stands still until it is told. Sleepers wake in the order of their times. */
export class ManualClock implements Clock {
  /** Every pause that was asked for, in milliseconds. */
  readonly sleeps: number[] = [];
  #nowMs: number;
  readonly #autoAdvance: boolean;
  #sleepers: Sleeper[] = [];

  /** `autoAdvance`: a sleep ends at once, and the time it asked for has passed. */
  constructor(options: { nowMs?: number; autoAdvance?: boolean } = {}) {
    this.#nowMs = options.nowMs ?? 1_000;
    this.#autoAdvance = options.autoAdvance ?? false;
  }

  /** How many are asleep. */
  get sleeping(): number {
    return this.#sleepers.length;
  }

  monotonicMs(): number {
    return this.#nowMs;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    this.sleeps.push(ms);
    if (signal?.aborted) return Promise.resolve();
    if (this.#autoAdvance) {
      this.#nowMs += ms;
      return Promise.resolve();
    }
    return new Promise((over) => {
      const sleeper: Sleeper = {
        untilMs: this.#nowMs + ms,
        wake: () => {
          this.#sleepers = this.#sleepers.filter((other) => other !== sleeper);
          signal?.removeEventListener("abort", sleeper.wake);
          over();
        },
      };
      this.#sleepers.push(sleeper);
      signal?.addEventListener("abort", sleeper.wake, { once: true });
    });
  }

  yield(): Promise<void> {
    return new Promise((turn) => setImmediate(turn));
  }

  /** Lets so much time pass, waking whoever is due, and lets what they do settle. */
  async advance(ms: number): Promise<void> {
    const end = this.#nowMs + ms;
    for (;;) {
      const due = this.#sleepers.filter(({ untilMs }) => untilMs <= end).sort((a, b) => a.untilMs - b.untilMs)[0];
      if (!due) break;
      this.#nowMs = Math.max(this.#nowMs, due.untilMs);
      due.wake();
      await quiet();
    }
    this.#nowMs = end;
    await quiet();
  }
}

/** Resolves once every promise that could go on by itself has done so. */
export async function quiet(): Promise<void> {
  for (let i = 0; i < 6; i++) await new Promise<void>((turn) => setImmediate(turn));
}

/** Resolves once the condition holds; fails, naming it, where it does not within the time. */
export async function until(what: string, holds: () => boolean | Promise<boolean>, withinMs = 30_000): Promise<void> {
  const end = performance.now() + withinMs;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`waited ${withinMs} ms in vain for: ${what}`);
    await new Promise((turn) => setTimeout(turn, 2));
  }
}
