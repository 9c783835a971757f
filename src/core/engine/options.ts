/** How a worker works. All durations in milliseconds. */
export interface EngineOptions {
  /** Assets in flight at once, in this process. */
  readonly concurrency: number;
  /** Assets in a chunk: unit of claim and commit. */
  readonly chunkSize: number;
  /** How long one try of one asset may take. */
  readonly deadlineMs: number;
  /** Tries of an asset whose handler throws RetryableError. */
  readonly tries: number;
  /** Pause before the second try; doubles with each further one, jittered. */
  readonly retryDelayMs: number;
  readonly leaseTtlMs: number;
  readonly renewEveryMs: number;
  /** What is finished is committed at the latest after this. */
  readonly commitEveryMs: number;
  /** At most so many chunks share a commit. */
  readonly chunksPerCommit: number;
  /** How long `stop` lets running handlers end before it aborts them. */
  readonly drainMs: number;
  /** How often a worker looks for work, and for jobs that were told to stop. */
  readonly pollMs: number;
  /** The largest content that `context.bytes()` and `context.text()` take. */
  readonly maxContentBytes: number;
  /** Threads for handlers that have `thread: true`; 0: one a core, and never more than `concurrency`. */
  readonly threads: number;
  /**
   * The heap that a thread may fill, in MiB, before it is ended. Buffers are outside of it: where the process has grown by
   * this for each thread at work and once more, what runs is ended and run again alone, and ended there at twice this.
   */
  readonly threadMemoryMb: number;
  /**
   * The process is unwell, and does less at once while it is, from this on, for several seconds without a break: how late
   * its event loop is (the 99th percentile of a second), how full its heap, how slow its store and its repository answer.
   * 0: whatever it is.
   */
  readonly throttleLoopMs: number;
  readonly throttleHeapPercent: number;
  readonly throttleStoreMs: number;
  readonly throttleRepositoryMs: number;
}

export const ENGINE_DEFAULTS: EngineOptions = Object.freeze({
  concurrency: 8,
  chunkSize: 500,
  deadlineMs: 60_000,
  tries: 3,
  retryDelayMs: 1_000,
  leaseTtlMs: 10_000,
  renewEveryMs: 3_000,
  commitEveryMs: 2_000,
  chunksPerCommit: 20,
  drainMs: 10_000,
  pollMs: 400,
  maxContentBytes: 64 * 1024 * 1024,
  threads: 0,
  threadMemoryMb: 512,
  throttleLoopMs: 250,
  throttleHeapPercent: 90,
  throttleStoreMs: 5_000,
  throttleRepositoryMs: 30_000,
});
