/** This process's time, for waiting and measuring. Instants that are stored come from the store's own clock. */
export interface Clock {
  /** Milliseconds from some fixed point; never goes back. */
  monotonicMs(): number;
  /** Resolves after `ms`, or as soon as `signal` is aborted; never rejects. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Lets the host's event loop turn once. */
  yield(): Promise<void>;
}
