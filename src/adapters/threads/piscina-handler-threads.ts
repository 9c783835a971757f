import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Piscina } from "piscina";
import { AssetFailure, AssetmillError, messageOf } from "../../core/errors.js";
import {
  type BatchThreads,
  type HandlerThreads,
  MAX_THREAD_DEATHS,
  type ThreadEnd,
  type ThreadFailure,
  type ThreadWork,
} from "../../core/ports/handler-threads.js";
import { BatchRun } from "./batch-run.js";
import { MemoryGuard } from "./memory-guard.js";
import type { SentBatch, ThreadModules } from "./messages.js";
import { PoolTask } from "./pool-task.js";

/** Maximum assets per batch. More gains nothing; a single one is slower than running without threads. */
const MAX_BATCH = 250;
/** Assets that are handed over one by one for each thread: as many wait as run. */
const SINGLES = 64;
/** Target duration of a batch: long compared to the hand-over, short for the assets that wait behind it. */
const BATCH_MS = 50;
/** Size of a batch before anything was measured. */
const FIRST_BATCH = 4;
/** Interval of the deadline checks. */
const WATCH_EVERY_MS = 50;
/** How long `close` waits for threads that are being started. */
const MOST_LOADING_MS = 3_000;
const LOADING_LOOK_MS = 5;
/** This many threads that die in a row while no handler runs point to a problem of the machine, not of an asset. */
const MAX_CAUSELESS_DEATHS = 5;

const CLOSED = new AssetmillError("UNAVAILABLE", "worker threads are closed");

interface ThreadOptions {
  readonly threads: number;
  /** Heap limit of one thread, in MiB; `MemoryGuard` limits memory outside the heap. */
  readonly memoryMb: number;
  /** URLs of the modules that give the handlers. */
  readonly modules: readonly string[];
  /**
   * Whether threads are at work only now and then, so that most of what the process grows by is not theirs: the memory
   * limit then counts from when the first of them begins. @defaultValue false: from the start
   */
  readonly isOccasional?: boolean;
}

/** Runs handlers in piscina's worker threads. Threads start on demand, and end when idle for a while. */
export class PiscinaHandlerThreads implements HandlerThreads {
  readonly capacity: number;
  readonly #threads: number;
  readonly #pool: Piscina<SentBatch, readonly string[]>;
  readonly #runs = new Set<BatchRun>();
  /** Everything that the pool has not finished, `#runs` included. */
  readonly #sent = new Set<BatchRun>();
  readonly #guard: MemoryGuard;
  /** Whether the running task must run alone. */
  #alone = false;
  readonly #isOccasional: boolean;
  #waiting: PoolTask[] = [];
  #gathering = false;
  #watch: NodeJS.Timeout | undefined;
  #meanMs: number | undefined;
  #warming: Promise<unknown> | undefined;
  #causeless = 0;
  #closed = false;

  constructor({ threads, memoryMb, modules, isOccasional = false }: ThreadOptions) {
    this.#threads = threads;
    this.#isOccasional = isOccasional;
    this.#guard = new MemoryGuard(memoryMb);
    this.capacity = threads * SINGLES;
    this.#pool = new Piscina({
      filename: fileURLToPath(new URL("thread-entry.js", import.meta.url)),
      minThreads: 0,
      maxThreads: threads,
      idleTimeout: 30_000,
      // A thread that sleeps in Atomics.wait would block the plugins' timers.
      atomics: "disabled",
      resourceLimits: { maxOldGenerationSizeMb: memoryMb },
      workerData: { modules } satisfies ThreadModules,
    });
    const size = (): number => this.#batchSize;
    const isWarm = (): boolean => this.#warming === undefined && this.#pool.threads.length > 0;
    this.batches = {
      // One runs in each thread, and one waits for it.
      capacity: threads * 2,
      get size() {
        return size();
      },
      get isWarm() {
        return isWarm();
      },
      warm: () => this.#warm(),
      run: (works, onEnd) => this.#enqueue(works, onEnd),
    };
    // A thread that a plugin's leftovers kill while it is idle is replaced when the next one is needed.
    this.#pool.on("error", () => {});
  }

  /** Returns the names of a thread's handlers. Rejects if a plugin's module cannot be loaded. */
  async handlerNames(): Promise<readonly string[]> {
    return this.#inThread(new BatchRun([]));
  }

  async #inThread(run: BatchRun): Promise<readonly string[]> {
    const { batch, ending } = run;
    this.#sent.add(run);
    try {
      return await this.#pool.run(batch, { transferList: [batch.port], signal: ending.signal });
    } finally {
      this.#sent.delete(run);
    }
  }

  run(work: ThreadWork): Promise<ThreadEnd> {
    return new Promise((resolve, reject) => {
      this.#enqueue([work], (_index, end) => ("error" in end ? reject(end.error) : resolve(end)));
    });
  }

  readonly batches: BatchThreads;

  /** Takes works that have the same signal. */
  #enqueue(works: readonly ThreadWork[], onEnd: (index: number, end: ThreadEnd | ThreadFailure) => void): void {
    const [first] = works;
    if (!first) return;
    const { signal } = first;
    let left = works.length;
    const tasks = works.map(
      (work, index) =>
        new PoolTask(work, (end) => {
          if (--left === 0) signal.removeEventListener("abort", leaveQueue);
          onEnd(index, end);
        }),
    );
    const leaveQueue = (): void => {
      const leaving = new Set(tasks);
      const waiting = this.#waiting.filter((task) => leaving.has(task));
      this.#waiting = this.#waiting.filter((task) => !leaving.has(task));
      for (const task of waiting) task.stopped();
    };
    signal.addEventListener("abort", leaveQueue, { once: true });
    for (const task of tasks) this.#waiting.push(task);
    if (signal.aborted) leaveQueue();
    else this.#gather();
  }

  /** Number of assets that one thread does in a batch's time. */
  get #batchSize(): number {
    const byTime = this.#meanMs === undefined ? FIRST_BATCH : Math.round(BATCH_MS / Math.max(0.01, this.#meanMs));
    return Math.max(1, Math.min(byTime, MAX_BATCH));
  }

  /** Starts all threads. Resolves when one of them has loaded its handlers. */
  async #warm(): Promise<void> {
    this.#warming ??= Promise.any(Array.from({ length: this.#threads }, () => this.handlerNames())).finally(() => {
      this.#warming = undefined;
    });
    await this.#warming;
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#watch);
    for (const task of this.#waiting.splice(0)) task.fail(CLOSED);
    // Node.js 20 aborts the whole process if a thread is terminated while it loads its first module.
    const untilMs = performance.now() + MOST_LOADING_MS;
    while ([...this.#sent].some(({ hasBegun }) => !hasBegun) && performance.now() < untilMs)
      await sleep(LOADING_LOOK_MS);
    await this.#pool.destroy();
  }

  /** Collects the tasks of one turn of the event loop, to send them together. */
  #gather(): void {
    if (this.#gathering) return;
    this.#gathering = true;
    setImmediate(() => {
      this.#gathering = false;
      this.#send();
    });
  }

  #send(): void {
    while (!this.#closed && this.#waiting.length > 0 && this.#runs.size < this.#threads && !this.#alone) {
      const heavy = this.#waiting.findIndex(({ isHeavy }) => isHeavy);
      if (heavy < 0) void this.#runBatch(this.#nextBatch());
      else if (this.#runs.size > 0) return;
      else {
        this.#alone = true;
        this.#guard.begin();
        void this.#runBatch(this.#waiting.splice(heavy, 1));
      }
    }
  }

  /**
   * Takes the next tasks to run. An asset whose thread has died before runs on its own, so that no other asset is
   * blamed for it.
   */
  #nextBatch(): readonly PoolTask[] {
    const suspect = this.#waiting.findIndex(({ deaths }) => deaths > 0);
    if (suspect >= 0) return this.#waiting.splice(suspect, 1);
    const share = Math.ceil(this.#waiting.length / this.#threads);
    return this.#waiting.splice(0, Math.min(this.#batchSize, share));
  }

  async #runBatch(all: readonly PoolTask[]): Promise<void> {
    const run = new BatchRun(all);
    if (this.#isOccasional && this.#runs.size === 0) this.#guard.begin();
    this.#runs.add(run);
    this.#watch ??= setInterval(() => {
      const nowMs = performance.now();
      for (const one of this.#runs) one.watch(nowMs);
      if (!this.#guard.isOver(this.#runs.size)) return;
      for (const one of this.#runs) one.endHeavy(this.#alone);
    }, WATCH_EVERY_MS).unref();
    try {
      await this.#inThread(run);
      this.#settle(run, undefined);
    } catch (error) {
      if (run.tooMuch) await this.#guard.settle();
      this.#settle(run, error);
    }
    this.#runs.delete(run);
    this.#alone = false;
    if (run.tooMuch) this.#guard.begin();
    if (this.#runs.size === 0) {
      clearInterval(this.#watch);
      this.#watch = undefined;
    }
    this.#send();
  }

  #settle(run: BatchRun, death: unknown): void {
    const { charged, left } = run.close();
    if (this.#closed) {
      for (const task of charged ? [charged, ...left] : left) task.fail(CLOSED);
      return;
    }
    if (run.done > 0) {
      const meanMs = run.busyMs / run.done;
      this.#meanMs = this.#meanMs === undefined ? meanMs : this.#meanMs * 0.7 + meanMs * 0.3;
    }
    const hasCause = death === undefined || charged || run.ending.signal.aborted || run.done > 0;
    this.#causeless = hasCause ? 0 : this.#causeless + 1;
    if (this.#causeless >= MAX_CAUSELESS_DEATHS) {
      this.#causeless = 0;
      const gone = new AssetmillError("UNAVAILABLE", `worker threads keep dying: ${messageOf(death)}`);
      for (const task of left) task.fail(gone);
    } else {
      this.#waiting.unshift(...left);
    }
    if (charged) this.#charge(charged, run.tooMuch ? this.#tooMuch : messageOf(death));
  }

  get #tooMuch(): string {
    return `while it ran, the process grew by more than ${this.#guard.limitMb(1)} MiB`;
  }

  #charge(task: PoolTask, death: string): void {
    if (task.work.signal.aborted) task.stopped();
    else if (++task.deaths < MAX_THREAD_DEATHS) this.#waiting.unshift(task);
    else {
      const message = `ended its thread ${MAX_THREAD_DEATHS} times: ${death}`;
      task.fail(new AssetFailure("POISON", message));
    }
  }
}
