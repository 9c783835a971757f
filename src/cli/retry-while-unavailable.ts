import { setTimeout as sleep } from "node:timers/promises";
import { isUnavailable, messageOf } from "../core/errors.js";
import type { Output } from "./output.js";
import type { Signals } from "./signals.js";
import { shownMessage } from "./shown-path.js";

const FIRST_DELAY_MS = 200;
const MAX_DELAY_MS = 10_000;

/** Time limits of a wait. */
export interface WaitOptions {
  /** After this time without an answer, a message says so. @defaultValue never */
  readonly silentMs?: number | undefined;
  /** How long the operation may still take after a signal. @defaultValue 2 s */
  readonly graceMs?: number;
}

/** For operations that should be quick. */
const OPENING: WaitOptions = { silentMs: 10_000 };

/**
 * Runs `open`, and again with back-off as long as it fails with UNAVAILABLE: a database restart must not end the process.
 * Prints what it is waiting for. Returns undefined if a signal comes first; a pending call is then abandoned.
 */
export async function retryWhileUnavailable<T>(
  signals: Signals,
  output: Output,
  open: () => Promise<T>,
  { silentMs, graceMs = 2_000 }: WaitOptions = OPENING,
): Promise<T | undefined> {
  for (let delayMs = FIRST_DELAY_MS; ; delayMs = Math.min(delayMs * 2, MAX_DELAY_MS)) {
    const ended = new AbortController();
    if (silentMs !== undefined) void reportSilence(silentMs, ended.signal, output);
    try {
      const opening = open();
      // If abandoned, its rejection must not end the process.
      opening.catch(() => {});
      return await Promise.race([opening, afterGrace(signals, graceMs, ended.signal)]);
    } catch (error) {
      if (!isUnavailable(error)) throw error;
      if (signals.stopSignal.aborted) return undefined;
      // A mistyped host or port would otherwise mean waiting forever.
      const hint = delayMs === FIRST_DELAY_MS ? " (check the name; press Ctrl-C to stop waiting)" : "";
      output.say(`${shownMessage(messageOf(error))}; trying again in ${delayMs} ms${hint}`);
      await signals.sleep(delayMs);
      if (signals.stopSignal.aborted) return undefined;
    } finally {
      ended.abort();
    }
  }
}

async function reportSilence(ms: number, ended: AbortSignal, output: Output): Promise<void> {
  await sleep(ms, undefined, { signal: ended, ref: false }).catch(() => {});
  if (!ended.aborted) output.say(`no answer for ${Math.round(ms / 1_000)} s; still waiting (press Ctrl-C to stop)`);
}

/** Resolves `graceMs` after the first signal. */
async function afterGrace(signals: Signals, graceMs: number, ended: AbortSignal): Promise<undefined> {
  await signals.wait();
  await sleep(graceMs, undefined, { signal: ended }).catch(() => {});
  return undefined;
}
