import { invalidParameter } from "../errors.js";

/**
 * How a worker works. Options are per process: several on one store may differ, but should agree on the lease. Defaults,
 * bounds and units stand in `ENGINE_OPTIONS`; a test compares them with the comments here.
 */
export interface EngineOptions {
  /**
   * Assets in flight at once, in this process. More hides a slow repository; costs memory (a content is held whole while
   * a handler reads it) and takes the host's event loop. It makes handlers that only compute no faster: `threads` does.
   * @defaultValue 8 assets; whole, 1 to 1000
   */
  readonly concurrency: number;
  /**
   * Assets in a chunk, the unit of claim and commit. Larger chunks cost fewer statements an asset; smaller ones share a
   * small job among more processes. Read at discovery: a job keeps the chunks that it has.
   * @defaultValue 500 assets; whole, 1 to 10000
   */
  readonly chunkSize: number;
  /**
   * How long one try of one asset may take before it is FAILED DEADLINE; waiting for a retry does not count. A handler in
   * the main thread that ignores its signal is left behind, and keeps its memory until it ends.
   * @defaultValue 60000 ms; 1 to 2147483647
   */
  readonly deadlineMs: number;
  /**
   * Tries of an asset whose handler throws RetryableError, the first one included. An asset that waits for its next try
   * keeps its place among those in flight: many of them slow the whole process down.
   * @defaultValue 3 tries; whole, 1 to 100
   */
  readonly tries: number;
  /**
   * Pause before the second try; doubles with each further one up to an hour, jittered down to its half. 0: no pause,
   * which hits a service that is overloaded again at once.
   * @defaultValue 1000 ms; 0 to 2147483647
   */
  readonly retryDelayMs: number;
  /**
   * How long a lease lasts without renewal: other machines take over the work of a process that died after this. Too
   * short, and a process that stalls (a long garbage collection, a slow store) loses its work to others, who do it again.
   * @defaultValue 10000 ms; 1 to 2147483647
   */
  readonly leaseTtlMs: number;
  /**
   * How often leases are renewed: one statement for all that a process holds. At most half of `leaseTtlMs`, so that one
   * renewal may fail.
   * @defaultValue 3000 ms; 1 to 2147483647
   */
  readonly renewEveryMs: number;
  /**
   * What is finished is committed at the latest after this; a kill repeats at most so much work. Shorter costs
   * transactions, longer shows progress later.
   * @defaultValue 2000 ms; 1 to 2147483647
   */
  readonly commitEveryMs: number;
  /**
   * At most so many chunks share a commit. More make fewer and longer transactions, which hold the job's row for longer.
   * @defaultValue 20 chunks; whole, 1 to 1000
   */
  readonly chunksPerCommit: number;
  /**
   * How long `stop` lets running handlers end before it aborts them; assets that were aborted are run again later. Keep it
   * below the time after which whoever stops the process kills it. 0: aborts at once.
   * @defaultValue 10000 ms; 0 to 2147483647
   */
  readonly drainMs: number;
  /**
   * How often a worker without work looks for some, and every worker for jobs that were told to stop: a statement each
   * time, in every process. Longer delays the start of a job that another process took in, and a cancel.
   * @defaultValue 400 ms; 1 to 2147483647
   */
  readonly pollMs: number;
  /**
   * The largest content that `context.bytes()` and `context.text()` take; above it they fail with READ_FAILED, and a
   * handler has to use `context.stream()`. Up to `concurrency` times as much may be in memory at once.
   * @defaultValue 67108864 bytes; from 1
   */
  readonly maxContentBytes: number;
  /**
   * Threads for handlers that have `thread: true`; 0: one a core, and never more than `concurrency`. Each costs a heap
   * and loads the plugins anew.
   * @defaultValue 0 threads; whole, 0 to 256
   */
  readonly threads: number;
  /**
   * The heap that a thread may fill before it is ended. Buffers are outside of it: where the process has grown by this for
   * each thread at work and once more, what runs is ended and run again alone, and ended there at twice this.
   * @defaultValue 512 MiB; from 1
   */
  readonly threadMemoryMb: number;
  /**
   * The process is unwell from this on, for several seconds without a break, and does less at once while it is: how late
   * its event loop is, at the 99th percentile of a second. Lower keeps a host's requests fast and costs throughput. 0:
   * never.
   * @defaultValue 250 ms; 0 to 2147483647
   */
  readonly throttleLoopMs: number;
  /**
   * The same for how full its heap is. Higher comes closer to running out of memory. 0: never.
   * @defaultValue 90 % of the heap's limit; from 0
   */
  readonly throttleHeapPercent: number;
  /**
   * The same for how slow its store answers. Lower spares a database that others use. 0: never.
   * @defaultValue 5000 ms; 0 to 2147483647
   */
  readonly throttleStoreMs: number;
  /**
   * The same for how slow its repository answers. Lower spares a server that people work on. 0: never.
   * @defaultValue 30000 ms; 0 to 2147483647
   */
  readonly throttleRepositoryMs: number;
}

/** What one option may be. */
export interface OptionRule {
  readonly default: number;
  readonly least: number;
  /** Infinity: no bound. */
  readonly most: number;
  /** True: no fraction. */
  readonly whole: boolean;
  readonly unit: string;
}

/** The longest that a timer waits; a longer one fires at once. */
const MOST_MS = 2_147_483_647;

const whole = (byDefault: number, unit: string, least: number, most: number): OptionRule =>
  Object.freeze({ default: byDefault, least, most, whole: true, unit });
const ms = (byDefault: number, least = 1): OptionRule =>
  Object.freeze({ default: byDefault, least, most: MOST_MS, whole: false, unit: "ms" });
const from = (least: number, byDefault: number, unit: string): OptionRule =>
  Object.freeze({ default: byDefault, least, most: Number.POSITIVE_INFINITY, whole: false, unit });

/** Every option with its default, bounds and unit: the one place where they are said. */
export const ENGINE_OPTIONS: Readonly<Record<keyof EngineOptions, OptionRule>> = Object.freeze({
  concurrency: whole(8, "assets", 1, 1_000),
  chunkSize: whole(500, "assets", 1, 10_000),
  deadlineMs: ms(60_000),
  tries: whole(3, "tries", 1, 100),
  retryDelayMs: ms(1_000, 0),
  leaseTtlMs: ms(10_000),
  renewEveryMs: ms(3_000),
  commitEveryMs: ms(2_000),
  chunksPerCommit: whole(20, "chunks", 1, 1_000),
  drainMs: ms(10_000, 0),
  pollMs: ms(400),
  maxContentBytes: from(1, 64 * 1024 * 1024, "bytes"),
  threads: whole(0, "threads", 0, 256),
  threadMemoryMb: from(1, 512, "MiB"),
  throttleLoopMs: ms(250, 0),
  throttleHeapPercent: from(0, 90, "% of the heap's limit"),
  throttleStoreMs: ms(5_000, 0),
  throttleRepositoryMs: ms(30_000, 0),
});

const RULES = Object.entries(ENGINE_OPTIONS) as readonly (readonly [keyof EngineOptions, OptionRule])[];

export const ENGINE_DEFAULTS: EngineOptions = Object.freeze(
  Object.fromEntries(RULES.map(([name, rule]) => [name, rule.default])) as Record<keyof EngineOptions, number>,
);

/** INVALID_PARAMETER where an option cannot be what it is: names the option, its value, and what is allowed. */
export function checkEngineOptions(options: EngineOptions): EngineOptions {
  for (const [name, rule] of RULES) {
    const value: unknown = options[name];
    if (!isAllowed(value, rule)) throw invalidParameter(name, `must be ${allowed(rule)}, not ${shown(value)}`);
  }
  const { leaseTtlMs, renewEveryMs } = options;
  if (renewEveryMs * 2 > leaseTtlMs) {
    const message = `must be at most half of leaseTtlMs, which is ${leaseTtlMs} ms, not ${renewEveryMs}`;
    throw invalidParameter("renewEveryMs", message);
  }
  return options;
}

const isAllowed = (value: unknown, rule: OptionRule): boolean =>
  typeof value === "number" &&
  Number.isFinite(value) &&
  value >= rule.least &&
  value <= rule.most &&
  (!rule.whole || Number.isInteger(value));

function allowed({ least, most, whole, unit }: OptionRule): string {
  const range = most === Number.POSITIVE_INFINITY ? `from ${least} on` : `from ${least} to ${most}`;
  return `a ${whole ? "whole number" : "number"} of ${unit} ${range}`.replace("of %", "in %");
}

const shown = (value: unknown): string => (typeof value === "string" ? JSON.stringify(value) : String(value));
