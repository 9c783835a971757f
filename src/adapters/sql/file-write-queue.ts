import { Mutex } from "./mutex.js";

interface Shared {
  readonly mutex: Mutex;
  users: number;
}

const files = new Map<string, Shared>();

/**
 * The turns of all who write to one file in this process. SQLite's own lock makes a waiter sleep in one of libuv's few
 * threads: a handful of waiters take them all, and the holder, who needs one to go on, waits with them until the busy
 * timeout. So within a process nobody waits in SQLite; only processes wait for each other, one thread each.
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

  /** To be called once, when this one's work is over. */
  leave(): void {
    if (--this.#shared.users === 0) files.delete(this.#file);
  }
}
