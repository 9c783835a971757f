/** Prints what it measures; tells what has a goal by `figure`. Rejects with NotRun if something is missing here. */
type RunBench = (args: readonly string[]) => Promise<void>;

export interface Bench {
  readonly name: string;
  readonly load: () => Promise<RunBench>;
  /** Arguments of its runs in `npm run bench`; none: it runs only by name. */
  readonly whole?: readonly string[];
  /** The same in `npm run bench -- --full`. @defaultValue `whole` */
  readonly full?: readonly string[];
  /** After this time, a run in the whole is ended. */
  readonly limitMinutes: number;
}

/** All benchmarks, in the order of the whole run. Each is loaded when it runs: what is loaded takes memory. */
export const BENCHES: readonly Bench[] = [
  { name: "dita", load: async () => (await import("./dita.js")).runDita, whole: [""], limitMinutes: 5 },
  {
    name: "throughput",
    load: async () => (await import("./throughput.js")).runThroughput,
    whole: ["200000 sqlite", "200000 postgres"],
    full: ["1000000 sqlite", "1000000 postgres"],
    limitMinutes: 15,
  },
  {
    name: "stamps",
    load: async () => (await import("./stamps.js")).runStamps,
    whole: ["50000 sqlite", "50000 postgres"],
    limitMinutes: 5,
  },
  {
    name: "job-per-item",
    load: async () => (await import("./job-per-item.js")).runJobPerItem,
    whole: ["50000"],
    full: ["200000"],
    limitMinutes: 10,
  },
  {
    name: "memory",
    load: async () => (await import("./memory.js")).runMemory,
    whole: ["1000000 sqlite"],
    full: ["1000000 sqlite", "1000000 postgres"],
    limitMinutes: 10,
  },
  {
    name: "failures",
    load: async () => (await import("./failures.js")).runFailures,
    whole: ["100000"],
    limitMinutes: 5,
  },
  { name: "start", load: async () => (await import("./start.js")).runStart, whole: [""], limitMinutes: 5 },
  { name: "eta", load: async () => (await import("./eta.js")).runEta, whole: [""], limitMinutes: 5 },
  { name: "requests", load: async () => (await import("./requests.js")).runRequests, whole: [""], limitMinutes: 5 },
  {
    name: "drivers",
    load: async () => (await import("./drivers.js")).runDrivers,
    whole: ["50000"],
    full: ["100000"],
    limitMinutes: 10,
  },
  {
    name: "event-loop",
    load: async () => (await import("./event-loop.js")).runEventLoop,
    whole: ["2000"],
    full: [""],
    limitMinutes: 5,
  },
  {
    name: "fairness",
    load: async () => (await import("./fairness.js")).runFairness,
    whole: ["10000"],
    full: [""],
    limitMinutes: 10,
  },
  {
    name: "queue",
    load: async () => (await import("./queue.js")).runQueue,
    whole: ["100 1000"],
    full: [""],
    limitMinutes: 10,
  },
  {
    name: "history",
    load: async () => (await import("./history.js")).runHistory,
    whole: ["200 10000"],
    full: [""],
    limitMinutes: 5,
  },
  {
    name: "logins",
    load: async () => (await import("./logins.js")).runLogins,
    whole: ["5"],
    full: [""],
    limitMinutes: 5,
  },
  { name: "hostile", load: async () => (await import("./hostile.js")).runHostile, whole: [""], limitMinutes: 10 },
  {
    name: "jcr",
    load: async () => (await import("./jcr.js")).runJcr,
    whole: ["5000 10000 0"],
    full: [""],
    limitMinutes: 15,
  },
  { name: "jcr-job", load: async () => (await import("./jcr.js")).runJcrJob, limitMinutes: 15 },
];
