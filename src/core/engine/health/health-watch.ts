import { isUnavailable } from "../../errors.js";
import { throttled, unthrottled } from "../../job/job-transitions.js";
import type { HealthProbe } from "../../ports/health-probe.js";
import type { LeasedWork } from "../leased-work.js";
import { Throttle } from "./throttle.js";
import type { EngineTools } from "../tools.js";

const LOOK_EVERY_MS = 1_000;
/** Jobs that came later, or were told something else by another node, are told again. */
const SAY_EVERY_MS = 5_000;
/** How long the end of a worker waits for its jobs to be told. */
const LAST_WORD_MS = 1_000;

type WatchTools = Pick<EngineTools, "clock" | "jobs" | "latency" | "options">;

/**
 * Looks at the host once a second and lowers the number of assets in flight while it is unwell. Jobs that are at work
 * here say so meanwhile, best effort: a store that cannot be reached is not told.
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

  /** No job says afterwards that it is slowed down here, where the store can be reached. */
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
      // A loop that is held up from one look to the next may show in nothing but that.
      const lateMs = clock.monotonicMs() - dueMs;
      const answers = { storeMs: latency.store.worstMs(), repositoryMs: latency.repository.worstMs() };
      const { loopMs, heapPercent } = this.#probe.look();
      const changed = this.#throttle.look({ loopMs: Math.max(loopMs, lateMs), heapPercent, ...answers });
      if (changed) this.#resize(this.#throttle.count);
      const due = changed || clock.monotonicMs() - this.#saidMs >= SAY_EVERY_MS;
      // A slow store must not keep anyone from looking.
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
