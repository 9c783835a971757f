import { setTimeout as sleep } from "node:timers/promises";
import { isUnavailable, messageOf } from "../core/errors.js";
import type { Output } from "./output.js";
import type { Signals } from "./signals.js";

const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 10_000;

/** How long `open` may say nothing, and how long it may go on after a signal. */
export interface WaitOptions {
  /** After so long without an end it is said that nothing answers; left out: never. */
  readonly silentMs?: number | undefined;
  /** After a signal it may still end by itself within this. @defaultValue 2 s */
  readonly graceMs?: number;
}

/** For what should take a moment. */
const OPENING: WaitOptions = { silentMs: 10_000 };

/**
 * What `open` gives, once what it needs can be reached: a database that is being restarted ends no process. Says what it
 * waits for. Undefined where a signal came first; what is still asked for then is left behind.
 */
export async function retryWhileUnavailable<T>(
  signals: Signals,
  output: Output,
  open: () => Promise<T>,
  { silentMs, graceMs = 2_000 }: WaitOptions = OPENING,
): Promise<T | undefined> {
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    const ended = new AbortController();
    if (silentMs !== undefined) void sayIfSilent(silentMs, ended.signal, output);
    try {
      const opening = open();
      // Whoever is left behind must not end the process by its error.
      opening.catch(() => {});
      return await Promise.race([opening, leave(signals, graceMs, ended.signal)]);
    } catch (error) {
      if (!isUnavailable(error)) throw error;
      if (signals.stopSignal.aborted) return undefined;
      // Whoever mistyped a host or a port should not wait for what is not there.
      const hint = pauseMs === FIRST_PAUSE_MS ? " (is it named right? Ctrl-C ends the wait)" : "";
      output.say(`${messageOf(error)}; trying again in ${pauseMs} ms${hint}`);
      await signals.sleep(pauseMs);
      if (signals.stopSignal.aborted) return undefined;
    } finally {
      ended.abort();
    }
  }
}

async function sayIfSilent(ms: number, ended: AbortSignal, output: Output): Promise<void> {
  await sleep(ms, undefined, { signal: ended, ref: false }).catch(() => {});
  if (!ended.aborted)
    output.say(`nothing has answered for ${Math.round(ms / 1_000)} s; waiting (Ctrl-C ends the wait)`);
}

/** Resolves a while after the first signal. */
async function leave(signals: Signals, graceMs: number, ended: AbortSignal): Promise<undefined> {
  await signals.wait();
  await sleep(graceMs, undefined, { signal: ended }).catch(() => {});
  return undefined;
}
