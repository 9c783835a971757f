/** Health of the process since the last look. */
export interface HostHealth {
  /** Delay of the event loop at the 99th percentile. */
  readonly loopMs: number;
  /** Used share of the heap's limit. */
  readonly heapPercent: number;
}

/** Measures the health of the process that the engine runs in. */
export interface HealthProbe {
  /** Starts measuring. Further calls have no effect. */
  start(): void;
  look(): HostHealth;
  stop(): void;
}
