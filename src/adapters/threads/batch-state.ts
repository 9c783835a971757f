/** Bytes before the marks: what runs (4), unused (4), since when (8). */
const HEAD_BYTES = 16;
const NOTHING = -1;

/** Milliseconds that all threads of this process count alike. */
const sharedMs = (): number => Number(process.hrtime.bigint() / 1_000n) / 1_000;

/**
 * What main thread and worker thread know of a batch at every moment, in shared memory: it can be read and written while
 * the other one is busy, and outlives a thread that dies.
 */
export class BatchState {
  readonly memory: SharedArrayBuffer;
  readonly #running: Int32Array;
  readonly #since: Float64Array;
  readonly #told: Int32Array;

  constructor(memory: SharedArrayBuffer) {
    this.memory = memory;
    this.#running = new Int32Array(memory, 0, 1);
    this.#since = new Float64Array(memory, 8, 1);
    this.#told = new Int32Array(memory, HEAD_BYTES);
  }

  static of(assets: number): BatchState {
    const state = new BatchState(new SharedArrayBuffer(HEAD_BYTES + 4 * assets));
    state.ended();
    return state;
  }

  /** The asset whose handler runs now; undefined where none does. */
  get running(): number | undefined {
    const index = Atomics.load(this.#running, 0);
    return index === NOTHING ? undefined : index;
  }

  /** Announces an asset before its handler starts. */
  begins(index: number): void {
    // In this order: whoever sees the asset sees its own beginning.
    this.#since[0] = sharedMs();
    Atomics.store(this.#running, 0, index);
  }

  ended(): void {
    Atomics.store(this.#running, 0, NOTHING);
  }

  /** The asset whose handler runs now, and for how long it has. */
  overdue(deadlineMs: number): number | undefined {
    const before = this.running;
    const forMs = sharedMs() - (this.#since[0] ?? Number.POSITIVE_INFINITY);
    return before !== undefined && before === this.running && forMs > deadlineMs ? before : undefined;
  }

  /** Tells the thread that this asset is to stop, or not to start. */
  tell(index: number): void {
    Atomics.store(this.#told, index, 1);
  }

  isTold(index: number): boolean {
    return Atomics.load(this.#told, index) === 1;
  }
}
