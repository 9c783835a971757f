import { EndLog } from "./end-log.js";

/**
 * Bytes before the stop flags, which the ends follow: running asset (4), whether the thread has begun (4), the asset's
 * start time (8).
 */
const HEAD_BYTES = 16;
const NOTHING = -1;

/** Returns milliseconds of a clock that all threads of this process share. */
const sharedMs = (): number => Number(process.hrtime.bigint() / 1_000n) / 1_000;

/**
 * State of a batch that main thread and worker thread share in memory: either can read and write it while the other is
 * busy, and it survives the death of the thread.
 */
export class BatchState {
  readonly memory: SharedArrayBuffer;
  readonly #running: Int32Array;
  readonly #begun: Int32Array;
  readonly #since: Float64Array;
  readonly #told: Int32Array;

  /** Ends that need no message. */
  readonly ends: EndLog;

  constructor(memory: SharedArrayBuffer, assets: number) {
    this.memory = memory;
    this.#running = new Int32Array(memory, 0, 1);
    this.#begun = new Int32Array(memory, 4, 1);
    this.#since = new Float64Array(memory, 8, 1);
    this.#told = new Int32Array(memory, HEAD_BYTES, assets);
    this.ends = new EndLog(memory, HEAD_BYTES + 4 * assets);
  }

  /** Creates the state for a batch of so many assets. */
  static of(assets: number): BatchState {
    const memory = new SharedArrayBuffer(HEAD_BYTES + 4 * assets + EndLog.bytesFor(assets));
    const state = new BatchState(memory, assets);
    state.ended();
    return state;
  }

  /** Whether a thread that has loaded its code has taken the batch. */
  get hasBegun(): boolean {
    return Atomics.load(this.#begun, 0) === 1;
  }

  /** Announces that a thread has taken the batch. */
  beginsBatch(): void {
    Atomics.store(this.#begun, 0, 1);
  }

  /** The asset whose handler is running; undefined if none is. */
  get running(): number | undefined {
    const index = Atomics.load(this.#running, 0);
    return index === NOTHING ? undefined : index;
  }

  /** Announces an asset before its handler starts. */
  begins(index: number): void {
    // The time first: a reader that sees the asset must see its own start time.
    this.#since[0] = sharedMs();
    Atomics.store(this.#running, 0, index);
  }

  ended(): void {
    Atomics.store(this.#running, 0, NOTHING);
  }

  /** Returns the running asset if its handler has exceeded the deadline. */
  overdue(deadlineMs: number): number | undefined {
    const before = this.running;
    const forMs = sharedMs() - (this.#since[0] ?? Number.POSITIVE_INFINITY);
    return before !== undefined && before === this.running && forMs > deadlineMs ? before : undefined;
  }

  /** Tells the thread to stop this asset, or not to start it. */
  tell(index: number): void {
    Atomics.store(this.#told, index, 1);
  }

  isTold(index: number): boolean {
    return Atomics.load(this.#told, index) === 1;
  }
}
