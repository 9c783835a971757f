import { isUnavailable } from "../../errors.js";
import { throttled, unthrottled } from "../../job/job-transitions.js";
import type { HealthProbe } from "../../ports/health-probe.js";
import type { LeasedWork } from "../leased-work.js";
import { Throttle } from "./throttle.js";
import type { EngineTools } from "../tools.js";

const LOOK_EVERY_MS = 1_000;
/** How often the note is repeated, for jobs that started later or got another note from another node. */
const SAY_EVERY_MS = 5_000;
/** How long `stop` waits for the notes to be removed. */
const LAST_WORD_MS = 1_000;

type WatchTools = Pick<EngineTools, "clock" | "jobs" | "latency" | "options">;

/**
 * Checks the host's health once a second and lowers the number of assets in flight while it is overloaded. Notes that
 * in the comments of the jobs at work here. Best effort: nothing is noted if the store is unreachable.
 */
export class HealthWatch {
  readonly #probe: HealthProbe;
  readonly #held: ReadonlySet<LeasedWork>;
  readonly #resize: (count: number) => void;
  readonly #tools: WatchTools;
  readonly #throttle: Throttle;
  readonly #stopped = new AbortController();
  readonly #told = new Set<string>();
  #watching: Promise<void> | undefined;
  #telling: Promise<void> | undefined;
  #saidMs = Number.NEGATIVE_INFINITY;

  constructor(probe: HealthProbe, held: ReadonlySet<LeasedWork>, resize: (count: number) => void, tools: WatchTools) {
    const { concurrency, throttleLoopMs, throttleHeapPercent, throttleStoreMs, throttleRepositoryMs } = tools.options;
    this.#probe = probe;
    this.#held = held;
    this.#resize = resize;
    this.#tools = tools;
    this.#throttle = new Throttle(concurrency, {
      loopMs: throttleLoopMs,
      heapPercent: throttleHeapPercent,
      storeMs: throttleStoreMs,
      repositoryMs: throttleRepositoryMs,
    });
  }

  start(): void {
    this.#probe.start();
    this.#watching ??= this.#watch();
  }

  /** Stops checking, and removes the notes if the store can be reached. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#watching;
    this.#probe.stop();
    const lastWord = (async () => {
      await this.#telling;
      await this.#takeBack();
    })();
    if (this.#told.size > 0) await Promise.race([lastWord, this.#tools.clock.sleep(LAST_WORD_MS)]);
  }

  async #watch(): Promise<void> {
    const { clock, latency } = this.#tools;
    const { signal } = this.#stopped;
    for (;;) {
      const dueMs = clock.monotonicMs() + LOOK_EVERY_MS;
      await clock.sleep(LOOK_EVERY_MS, signal);
      if (signal.aborted) return;
      // If the event loop was blocked from one look to the next, only this delay may show it.
      const lateMs = clock.monotonicMs() - dueMs;
      const answers = { storeMs: latency.store.worstMs(), repositoryMs: latency.repository.worstMs() };
      const { loopMs, heapPercent } = this.#probe.look();
      const changed = this.#throttle.look({ loopMs: Math.max(loopMs, lateMs), heapPercent, ...answers });
      if (changed) this.#resize(this.#throttle.count);
      const due = changed || clock.monotonicMs() - this.#saidMs >= SAY_EVERY_MS;
      // Not awaited: a slow store must not delay the next check.
      if (due && !this.#telling) this.#telling = this.#tell().finally(() => (this.#telling = undefined));
    }
  }

  async #tell(): Promise<void> {
    this.#saidMs = this.#tools.clock.monotonicMs();
    const { why } = this.#throttle;
    if (why === undefined) return this.#takeBack();
    for (const id of new Set([...this.#held].map((work) => work.job.id))) {
      this.#told.add(id);
      await this.#tools.jobs.update(id, ({ job }) => throttled(job, why)).catch(() => {});
    }
  }

  async #takeBack(): Promise<void> {
    for (const id of this.#told) {
      const stored = await this.#tools.jobs
        .update(id, ({ job }) => unthrottled(job))
        .then(
          () => true,
          (error: unknown) => !isUnavailable(error),
        );
      if (stored) this.#told.delete(id);
    }
  }
}
