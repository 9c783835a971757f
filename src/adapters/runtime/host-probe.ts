import { type IntervalHistogram, monitorEventLoopDelay } from "node:perf_hooks";
import { getHeapStatistics } from "node:v8";
import type { HealthProbe, HostHealth } from "../../core/ports/health-probe.js";

const RESOLUTION_MS = 20;

/** Measures event loop delay and heap use by Node's own means. Its timer does not keep the process alive. */
export class HostProbe implements HealthProbe {
  #delay: IntervalHistogram | undefined;

  start(): void {
    if (this.#delay) return;
    this.#delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
    this.#delay.enable();
  }

  look(): HostHealth {
    const delay = this.#delay;
    // Node reports the timer's resolution as the delay of a loop that is on time.
    const loopMs = delay && delay.count > 0 ? Math.max(0, delay.percentile(99) / 1e6 - RESOLUTION_MS) : 0;
    delay?.reset();
    const { used_heap_size: used, heap_size_limit: limit } = getHeapStatistics();
    return { loopMs, heapPercent: (100 * used) / limit };
  }

  stop(): void {
    this.#delay?.disable();
    this.#delay = undefined;
  }
}
