import type { Lease } from "../job/lease.js";
import { isUnavailable } from "../errors.js";
import type { LeasedWork } from "./leased-work.js";
import type { EngineTools } from "./tools.js";

const BEAT_MS = 400;
const REAP_EVERY_MS = 1_000;

const same = (a: Lease, b: Lease): boolean => a.jobId === b.jobId && a.chunk === b.chunk && a.epoch === b.epoch;

/**
 * A worker's heartbeat. Renews leases, stops work whose lease was lost or has expired on this process's clock, passes
 * on cancel and pause within a second, enforces deadlines, and takes back dead workers' leases in stopping jobs.
 */
export class LeaseKeeper {
  readonly #held: ReadonlySet<LeasedWork>;
  readonly #tools: EngineTools;
  readonly #stopped = new AbortController();
  #beating: Promise<void> | undefined;
  #renewedMs = 0;
  #reapedMs = Number.NEGATIVE_INFINITY;

  constructor(held: ReadonlySet<LeasedWork>, tools: EngineTools) {
    this.#held = held;
    this.#tools = tools;
  }

  start(): void {
    this.#renewedMs = this.#tools.clock.monotonicMs();
    this.#beating ??= this.#beat();
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#beating;
  }

  async #beat(): Promise<void> {
    const { clock, journal } = this.#tools;
    while (!this.#stopped.signal.aborted) {
      const nowMs = clock.monotonicMs();
      for (const work of this.#held) {
        if (nowMs > work.leaseUntilMs) work.stop("lease expired", true);
        work.enforceDeadline(nowMs);
      }
      try {
        await this.#renew(nowMs);
        await this.#passOnStops();
        await this.#reap(nowMs);
      } catch (error) {
        // Work continues until its leases expire; the next beat retries.
        journal.unavailable(error, BEAT_MS);
        if (!isUnavailable(error)) await clock.sleep(BEAT_MS, this.#stopped.signal);
      }
      await clock.sleep(BEAT_MS, this.#stopped.signal);
    }
  }

  async #renew(nowMs: number): Promise<void> {
    const { chunks, clock, options, latency } = this.#tools;
    if (this.#held.size === 0 || nowMs - this.#renewedMs < options.renewEveryMs) return;
    const works = [...this.#held];
    const sentMs = clock.monotonicMs();
    const leases = works.map((work) => work.lease);
    const lost = await latency.store.time(() => chunks.renew(leases, options.leaseTtlMs));
    this.#renewedMs = sentMs;
    for (const work of works) {
      if (lost.some((lease) => same(lease, work.lease))) work.stop("lease lost", true);
      else work.leaseUntilMs = sentMs + options.leaseTtlMs;
    }
  }

  async #passOnStops(): Promise<void> {
    const ids = [...new Set([...this.#held].map((work) => work.job.id))];
    if (ids.length === 0) return;
    const stopping = await this.#tools.jobs.stopping(ids);
    for (const work of this.#held) if (stopping.includes(work.job.id)) work.stop("job is stopping", true);
  }

  async #reap(nowMs: number): Promise<void> {
    if (nowMs - this.#reapedMs < REAP_EVERY_MS) return;
    this.#reapedMs = nowMs;
    await this.#tools.chunks.reap((owner) => this.#tools.owner.isKnownDead(owner));
  }
}
