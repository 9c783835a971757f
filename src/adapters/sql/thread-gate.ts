const BUSY = 0;
const CLOSED = 1;

/**
 * Lets a process exit without cutting a thread off amid a call into a native module: better-sqlite3 aborts the process if it
 * has to throw while its thread is being ended. Shared by the thread and the main thread.
 */
export class ThreadGate {
  readonly memory: SharedArrayBuffer;
  readonly #state: Int32Array;

  constructor(memory = new SharedArrayBuffer(8)) {
    this.memory = memory;
    this.#state = new Int32Array(memory);
  }

  /** Runs a call in the thread. Once the gate is closed, it waits there for the end of the process instead. */
  pass<T>(call: () => T): T {
    Atomics.store(this.#state, BUSY, 1);
    if (Atomics.load(this.#state, CLOSED) === 1) {
      this.#leave();
      Atomics.wait(this.#state, CLOSED, 1);
    }
    try {
      return call();
    } finally {
      this.#leave();
    }
  }

  /** Closes the gate and waits, at most so long, for the call under way. In the main thread, when the process exits. */
  close(longestMs: number): void {
    Atomics.store(this.#state, CLOSED, 1);
    Atomics.wait(this.#state, BUSY, 1, longestMs);
  }

  #leave(): void {
    Atomics.store(this.#state, BUSY, 0);
    Atomics.notify(this.#state, BUSY);
  }
}
