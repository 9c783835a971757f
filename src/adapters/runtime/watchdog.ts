import { Worker } from "node:worker_threads";

/** What the watchdog's thread is given. */
export interface WatchdogData {
  /** One number, which the main thread counts up while its event loop turns. */
  readonly beats: SharedArrayBuffer;
  readonly tickMs: number;
  readonly longestMs: number;
}

const MAX_TICK_MS = 500;

/**
 * Ends this process with SIGKILL once its main thread has not let the event loop turn for so long: a handler in it, in an
 * endless loop, can be ended in no other way. Leases run out, and whoever takes over finds the asset in careful mode.
 * Answers how to call it off.
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
  // A machine that has no thread left for it goes without.
  thread.on("error", () => clearInterval(beat));
  return async () => {
    clearInterval(beat);
    await thread.terminate();
  };
}
