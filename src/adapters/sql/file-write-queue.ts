import { Mutex } from "./mutex.js";

interface Shared {
  readonly mutex: Mutex;
  users: number;
}

const files = new Map<string, Shared>();

/**
 * Serialises all writers to one file within this process. A writer that waits for SQLite's own lock sleeps in one of
 * libuv's few threads: a handful of waiters would take them all, and the lock's holder, which needs one to continue, would
 * stall until the busy timeout. With this queue only different processes wait in SQLite, each with one thread.
 */
export class FileWriteQueue {
  readonly #file: string;
  readonly #shared: Shared;

  constructor(file: string) {
    this.#file = file;
    const shared = files.get(file) ?? { mutex: new Mutex(), users: 0 };
    shared.users++;
    files.set(file, shared);
    this.#shared = shared;
  }

  run<T>(work: () => Promise<T>): Promise<T> {
    return this.#shared.mutex.run(work);
  }

  /** Must be called once, when this writer closes. */
  leave(): void {
    if (--this.#shared.users === 0) files.delete(this.#file);
  }
}
