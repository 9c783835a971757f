import { Worker } from "node:worker_threads";

/** Data passed to the watchdog's thread. */
export interface WatchdogData {
  /** A counter that the main thread increments while its event loop runs. */
  readonly beats: SharedArrayBuffer;
  readonly tickMs: number;
  readonly longestMs: number;
}

const MAX_TICK_MS = 500;

/**
 * Kills this process with SIGKILL once its event loop has been blocked for `longestMs`: a handler in an endless loop on the
 * main thread cannot be ended in any other way. Its leases expire, and the worker that takes over finds the asset in careful
 * mode. Returns a function that stops the watchdog.
 */
export function startWatchdog(longestMs: number): () => Promise<void> {
  const beats = new SharedArrayBuffer(4);
  const count = new Int32Array(beats);
  const tickMs = Math.min(MAX_TICK_MS, Math.max(1, longestMs / 10));
  const beat = setInterval(() => Atomics.add(count, 0, 1), tickMs / 2).unref();
  const workerData: WatchdogData = { beats, tickMs, longestMs };
  const thread = new Worker(new URL("watchdog-thread.js", import.meta.url), {
    workerData,
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 2 },
  });
  thread.unref();
  // Without a thread to spare, the process runs without a watchdog.
  thread.on("error", () => clearInterval(beat));
  return async () => {
    clearInterval(beat);
    await thread.terminate();
  };
}
