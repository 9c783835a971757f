import { writeSync } from "node:fs";
import { workerData } from "node:worker_threads";
import type { WatchdogData } from "./watchdog.js";

/** Entry point of the watchdog's thread. It shares only a counter with the main thread. */

const { beats, tickMs, longestMs } = workerData as WatchdogData;
const count = new Int32Array(beats);
const ticks = new Int32Array(new SharedArrayBuffer(4));

let seen = Atomics.load(count, 0);
// Counts its own ticks instead of elapsed time: a stopped process or a sleeping machine must not count as blocked.
for (let missed = 0; missed * tickMs <= longestMs;) {
  Atomics.wait(ticks, 0, 0, tickMs);
  const now = Atomics.load(count, 0);
  missed = now === seen ? missed + 1 : 0;
  seen = now;
}
try {
  const message = `assetmill: a handler has blocked the main thread for ${longestMs / 1_000} s; killing this process. Committed work is safe; the worker that takes over isolates the asset\n`;
  writeSync(2, message);
} catch {
  // Standard error is closed.
}
process.kill(process.pid, "SIGKILL");
