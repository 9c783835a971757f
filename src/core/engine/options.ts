import { invalidParameter } from "../errors.js";

/**
 * Options of a worker. They apply per process: processes that share a store may differ, but should agree on the lease
 * options. Defaults, bounds and units are defined in `ENGINE_OPTIONS`; a test compares them with the comments here.
 */
export interface EngineOptions {
  /**
   * Maximum number of assets in flight in this process. A higher value compensates for a slow repository, but costs
   * memory (content is held whole while a handler reads it) and time on the host's event loop. It does not speed up
   * CPU-bound handlers: use `threads` for those.
   * @defaultValue 8 assets; whole, 1 to 1000
   */
  readonly concurrency: number;
  /**
   * Number of assets in a chunk, the unit of claim and commit. Larger chunks need fewer statements per asset; smaller
   * ones spread a small job over more processes. Applied during discovery: existing chunks keep their size.
   * @defaultValue 500 assets; whole, 1 to 10000
   */
  readonly chunkSize: number;
  /**
   * Time limit for one try of one asset; an asset that exceeds it is FAILED with DEADLINE. Pauses before retries do not
   * count. A handler in the main thread that ignores its signal is abandoned and keeps its memory until it ends.
   * @defaultValue 60000 ms; 1 to 2147483647
   */
  readonly deadlineMs: number;
  /**
   * Maximum number of tries of an asset whose handler throws RetryableError, including the first. An asset that waits
   * for its next try still counts as in flight: many of them slow the whole process down.
   * @defaultValue 3 tries; whole, 1 to 100
   */
  readonly tries: number;
  /**
   * Pause before the second try. Doubles with each further try, up to an hour, and is jittered to between 50 % and 100
   * %. 0: no pause; beware that this hits an overloaded service again at once.
   * @defaultValue 1000 ms; 0 to 2147483647
   */
  readonly retryDelayMs: number;
  /**
   * How long a lease lasts without renewal. Other machines take over a dead process's work after this time. If it is
   * too short, a process that stalls (a long garbage collection, a slow store) loses its work to others, who repeat it.
   * @defaultValue 10000 ms; 1 to 2147483647
   */
  readonly leaseTtlMs: number;
  /**
   * How often leases are renewed, with one statement for all leases of a process. Must be at most half of `leaseTtlMs`,
   * so that one renewal may fail.
   * @defaultValue 3000 ms; 1 to 2147483647
   */
  readonly renewEveryMs: number;
  /**
   * Maximum time until finished assets are committed. A killed process loses at most this much work. A shorter time
   * costs more transactions; a longer one delays visible progress.
   * @defaultValue 2000 ms; 1 to 2147483647
   */
  readonly commitEveryMs: number;
  /**
   * Maximum number of chunks that share a commit. A higher value makes transactions fewer but longer, and each locks
   * the job's row for longer.
   * @defaultValue 40 chunks; whole, 1 to 1000
   */
  readonly chunksPerCommit: number;
  /**
   * How long `stop` waits for running handlers before it aborts them. Aborted assets are processed again later. Keep it
   * below the grace period after which your service manager kills the process. 0: abort at once.
   * @defaultValue 10000 ms; 0 to 2147483647
   */
  readonly drainMs: number;
  /**
   * How often an idle worker looks for work, with one statement each time in every process. A longer time delays the
   * start of a job that another process accepted.
   * @defaultValue 400 ms; 1 to 2147483647
   */
  readonly pollMs: number;
  /**
   * Maximum size of content that `context.bytes()` and `context.text()` return. For larger content they fail with
   * READ_FAILED, and a handler must use `context.stream()`.
   * @defaultValue 67108864 bytes; from 1
   */
  readonly maxContentBytes: number;
  /**
   * Maximum size of the content that all assets in flight hold at once. An asset whose content does not fit waits, which
   * does not count towards its deadline; one larger than this waits until nothing else is held. Content up to 256 KiB
   * never waits. A decoded text takes up to twice as much again. A higher value lets more large assets run at once.
   * @defaultValue 67108864 bytes; from 1
   */
  readonly maxHeldContentBytes: number;
  /**
   * Number of threads for handlers that run in threads, and for DITA files: large ones, and all in folders of many. 0: one
   * per core, but at most `concurrency`; one in all if only large assets are processed in threads. A higher value costs memory: each thread has
   * its own heap and loads the plugins itself. Threads start when they are needed.
   * @defaultValue 0 threads; whole, 0 to 256
   */
  readonly threads: number;
  /**
   * Maximum heap of a thread; a thread that exceeds it is ended. Buffers are not part of the heap: if the process has
   * grown by this much per busy thread and once more, the running work is ended and rerun alone, where the limit is
   * twice this much.
   * @defaultValue 512 MiB; from 1
   */
  readonly threadMemoryMb: number;
  /**
   * Event-loop delay (99th percentile of a second) above which the process counts as overloaded. If it stays above the
   * limit for several seconds, the process runs fewer assets at once. A lower limit keeps the host's requests fast, at
   * the cost of throughput. 0: no limit.
   * @defaultValue 250 ms; 0 to 2147483647
   */
  readonly throttleLoopMs: number;
  /**
   * The same limit for the used share of the heap. A higher value comes closer to running out of memory. 0: no limit.
   * @defaultValue 90 % of the heap's limit; from 0
   */
  readonly throttleHeapPercent: number;
  /**
   * The same limit for the store's response time. A lower value spares a database that others use. 0: no limit.
   * @defaultValue 5000 ms; 0 to 2147483647
   */
  readonly throttleStoreMs: number;
  /**
   * The same limit for the repository's response time. A lower value spares a server that people work on. 0: no limit.
   * @defaultValue 30000 ms; 0 to 2147483647
   */
  readonly throttleRepositoryMs: number;
}

/** Default, bounds and unit of an option. */
export interface OptionRule {
  readonly default: number;
  readonly least: number;
  /** Infinity: no upper bound. */
  readonly most: number;
  /** Whether it must be a whole number. */
  readonly whole: boolean;
  readonly unit: string;
}

/** The longest delay of a timer. A timer with a longer delay fires at once. */
const MOST_MS = 2_147_483_647;

const whole = (byDefault: number, unit: string, least: number, most: number): OptionRule =>
  Object.freeze({ default: byDefault, least, most, whole: true, unit });
const ms = (byDefault: number, least = 1): OptionRule =>
  Object.freeze({ default: byDefault, least, most: MOST_MS, whole: false, unit: "ms" });
const from = (least: number, byDefault: number, unit: string): OptionRule =>
  Object.freeze({ default: byDefault, least, most: Number.POSITIVE_INFINITY, whole: false, unit });

/** Default, bounds and unit of every option, defined only here. */
export const ENGINE_OPTIONS: Readonly<Record<keyof EngineOptions, OptionRule>> = Object.freeze({
  concurrency: whole(8, "assets", 1, 1_000),
  chunkSize: whole(500, "assets", 1, 10_000),
  deadlineMs: ms(60_000),
  tries: whole(3, "tries", 1, 100),
  retryDelayMs: ms(1_000, 0),
  leaseTtlMs: ms(10_000),
  renewEveryMs: ms(3_000),
  commitEveryMs: ms(2_000),
  chunksPerCommit: whole(40, "chunks", 1, 1_000),
  drainMs: ms(10_000, 0),
  pollMs: ms(400),
  maxContentBytes: from(1, 64 * 1024 * 1024, "bytes"),
  maxHeldContentBytes: from(1, 64 * 1024 * 1024, "bytes"),
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

/** Returns the options if they are valid. Throws INVALID_PARAMETER with the option, its value and what is allowed. */
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
  const range = most === Number.POSITIVE_INFINITY ? `, ${least} or more` : ` from ${least} to ${most}`;
  return `a ${whole ? "whole number" : "number"} of ${unit}${range}`.replace("of %", "in %");
}

const shown = (value: unknown): string => (typeof value === "string" ? JSON.stringify(value) : String(value));
