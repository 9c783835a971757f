/** This process's time, for waiting and measuring. Stored timestamps come from the store's clock instead. */
export interface Clock {
  /** Milliseconds since an arbitrary fixed point. Never decreases. */
  monotonicMs(): number;
  /** Resolves after `ms`, or as soon as `signal` is aborted. Never rejects. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Resolves after one turn of the host's event loop. */
  yield(): Promise<void>;
}
