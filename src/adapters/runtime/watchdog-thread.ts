import { writeSync } from "node:fs";
import { workerData } from "node:worker_threads";
import type { WatchdogData } from "./watchdog.js";

/** The watchdog's thread: it shares nothing with the main thread but a number. */

const { beats, tickMs, longestMs } = workerData as WatchdogData;
const count = new Int32Array(beats);
const ticks = new Int32Array(new SharedArrayBuffer(4));

let seen = Atomics.load(count, 0);
// Counted in ticks of its own, not in time passed: a process that was stopped, or a machine that slept, was not blocked.
for (let missed = 0; missed * tickMs <= longestMs;) {
  Atomics.wait(ticks, 0, 0, tickMs);
  const now = Atomics.load(count, 0);
  missed = now === seen ? missed + 1 : 0;
  seen = now;
}
try {
  const message = `assetmill: a handler has held up the main thread for ${longestMs / 1_000} s; ending this process. What is committed is safe, and whoever goes on isolates the asset\n`;
  writeSync(2, message);
} catch {
  // Nobody listens.
}
process.kill(process.pid, "SIGKILL");
