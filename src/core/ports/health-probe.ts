/** How the process itself is doing, since it was asked last. */
export interface HostHealth {
  /** How late its event loop was, leaving out the fastest 99 of 100 turns. */
  readonly loopMs: number;
  /** Of the heap that it may fill. */
  readonly heapPercent: number;
}

/** Looks at the process that the engine runs in. */
export interface HealthProbe {
  /** Begins to measure; repeated calls change nothing. */
  start(): void;
  look(): HostHealth;
  stop(): void;
}
