import { setTimeout } from "node:timers/promises";
import { EXIT, type ExitCode } from "./exit-codes.js";

/** Turns SIGINT and SIGTERM into an AbortSignal. The first one asks to drain; a second one ends the process at once. */
export class Signals {
  readonly #stopping = new AbortController();
  #code: ExitCode = EXIT.interrupted;

  readonly #onSignal = (signal: NodeJS.Signals): void => {
    const code = signal === "SIGTERM" ? EXIT.terminated : EXIT.interrupted;
    if (this.#stopping.signal.aborted) process.exit(code);
    this.#code = code;
    this.#stopping.abort();
  };

  private constructor() {
    process.on("SIGINT", this.#onSignal);
    process.on("SIGTERM", this.#onSignal);
  }

  /** Listens for signals while `work` runs. */
  static async during<T>(work: (signals: Signals) => Promise<T>): Promise<T> {
    const signals = new Signals();
    try {
      return await work(signals);
    } finally {
      process.off("SIGINT", signals.#onSignal);
      process.off("SIGTERM", signals.#onSignal);
    }
  }

  /** Aborted at the first signal. */
  get stopSignal(): AbortSignal {
    return this.#stopping.signal;
  }

  /** The exit code after a signal. */
  get exitCode(): ExitCode {
    return this.#code;
  }

  /** Resolves at the first signal. */
  wait(): Promise<void> {
    if (this.stopSignal.aborted) return Promise.resolve();
    return new Promise((stopped) => this.stopSignal.addEventListener("abort", () => stopped(), { once: true }));
  }

  /** Resolves after `ms`, or at the first signal. */
  sleep(ms: number): Promise<void> {
    return setTimeout(ms, undefined, { signal: this.stopSignal }).catch(() => {});
  }
}
