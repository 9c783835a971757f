import type { AssetWrite } from "../../asset/asset-result.js";
import type { Outcome } from "../../asset/outcome.js";
import type { StampBasis } from "../../asset/stamp.js";
import { AssetFailure, AssetmillError, type ErrorCode, isUnavailable, messageOf, SkipAsset } from "../../errors.js";
import type { AssetHandler } from "../../ports/asset-handler.js";
import type { ContentSource } from "./asset-content.js";
import { type AssetTask, NOTHING_LEARNED } from "./asset-task.js";
import { clip } from "../../asset/clip.js";
import { PLAIN_SUCCESS } from "../../job/outcomes.js";
import { MergedResults } from "./merged-results.js";
import { type HandlerAnswer, type HandlerRunTools, NOT_ACCEPTED, retryHandler, startTry } from "./run-handler.js";
import type { KnownStamp } from "./stamps.js";
import { isUnchanged } from "./unchanged.js";

/** Dependencies of an asset's run, shared by all assets of a chunk. */
export interface AssetRunTools extends HandlerRunTools {
  readonly handlers: readonly AssetHandler[];
  readonly content: ContentSource;
  /** Present if assets that were processed before and are unchanged must be skipped. */
  readonly stampOf?: (path: string) => Promise<KnownStamp | undefined>;
}

export interface AssetEnd {
  readonly outcome: Outcome;
  /** For SUCCEEDED only. */
  readonly write?: AssetWrite;
  /** About how much memory the results take, in bytes. @defaultValue not worth counting */
  readonly bytes?: number;
}

/** Results that take less are not worth counting. */
const MIN_BYTES = 64 * 1024;

/**
 * Runs the handlers that accept an asset, in registration order, until one fails. Returns undefined if the asset was
 * told to stop: it has no outcome and stays open. Throws only UNAVAILABLE: the repository is unreachable, the asset is
 * not to blame. Returns a promise only if a handler did, or something must be read or repeated.
 */
export function runAsset(task: AssetTask, tools: AssetRunTools): MaybeLater<AssetEnd | undefined> {
  const { unreadable } = task.asset;
  if (unreadable) return { outcome: { kind: "FAILED", ...unreadable, attempts: 0 } };
  return tools.stampOf ? runIfChanged(task, tools, tools.stampOf) : runHandlers(new AssetRun(task, tools));
}

/** A value, or a promise of one. */
export type MaybeLater<T> = T | Promise<T>;

async function runIfChanged(
  task: AssetTask,
  tools: AssetRunTools,
  stampOf: NonNullable<AssetRunTools["stampOf"]>,
): Promise<AssetEnd | undefined> {
  return (await isUnchanged(task, tools, stampOf)) ? { outcome: UNCHANGED } : runHandlers(new AssetRun(task, tools));
}

/** Runs the handlers from `run.next` on, as long as they answer at once. */
function runHandlers(run: AssetRun): MaybeLater<AssetEnd | undefined> {
  const { task, tools } = run;
  while (run.next < tools.handlers.length) {
    if (task.aborted) return undefined;
    const handler = tools.handlers[run.next++] as AssetHandler;
    let answer: MaybeLater<HandlerAnswer>;
    try {
      answer = startTry(handler, task, 1, tools);
    } catch (error) {
      return goOn(run, handler, retryHandler(handler, task, error, tools));
    }
    if (isThenable(answer)) return goOn(run, handler, answer, true);
    const end = run.answered(handler, answer);
    if (end) return end.over;
  }
  return run.end();
}

/** Goes on with a handler's answer when it is there. `mayRetry`: its error leads to further tries. */
async function goOn(
  run: AssetRun,
  handler: AssetHandler,
  later: Promise<HandlerAnswer>,
  mayRetry = false,
): Promise<AssetEnd | undefined> {
  let end: Over | undefined;
  try {
    let answer: HandlerAnswer;
    try {
      answer = await later;
    } catch (error) {
      if (!mayRetry) throw error;
      answer = await retryHandler(handler, run.task, error, run.tools);
    }
    end = run.answered(handler, answer);
  } catch (error) {
    end = run.failed(handler, error);
  }
  return end ? end.over : runHandlers(run);
}

/** That an asset's run is over; with its end, unless it stays open. */
interface Over {
  readonly over: AssetEnd | undefined;
}

/** One asset's way through the handlers. */
class AssetRun {
  /** The handler to run next, by position. */
  next = 0;
  readonly task: AssetTask;
  readonly tools: AssetRunTools;
  readonly #done = new MergedResults();
  // Read before a handler can change them.
  readonly #sizeBytes: number;
  readonly #modifiedMs: number;

  constructor(task: AssetTask, tools: AssetRunTools) {
    this.task = task;
    this.tools = tools;
    this.#sizeBytes = task.asset.sizeBytes;
    this.#modifiedMs = task.asset.modifiedMs;
  }

  /** Takes a handler's answer. Returns a failure if it is not valid. */
  answered(handler: AssetHandler, answer: HandlerAnswer): Over | undefined {
    if (answer === NOT_ACCEPTED) return undefined;
    try {
      this.#done.add(handler, answer);
      return undefined;
    } catch (error) {
      return this.failed(handler, error);
    }
  }

  /** Takes a handler's error. Returns undefined if further handlers may run. */
  failed(handler: AssetHandler, error: unknown): Over | undefined {
    const { task } = this;
    if (isUnavailable(error)) throw error;
    if (SkipAsset.is(error)) {
      this.#done.skip(handler, error.message);
      return undefined;
    }
    // If a handler throws after it was told to stop, that says nothing about the asset.
    if (task.aborted && !task.abandoned) return { over: undefined };
    return { over: { outcome: failure(handler.name, task, error) } };
  }

  /** Returns the end of an asset of which no handler failed. */
  end(): AssetEnd {
    const [task, done] = [this.task, this.#done];
    if (done.succeeded === 0) return { outcome: skipped(done, task) };
    if (task.textWarning !== undefined) done.warn(task.textWarning);
    const { warnings, moreWarnings } = done;
    const outcome: Outcome =
      task.attempts === 1 && warnings.length === 0 && moreWarnings === 0
        ? PLAIN_SUCCESS
        : { kind: "SUCCEEDED", attempts: task.attempts, warnings, ...(moreWarnings === 0 ? {} : { moreWarnings }) };
    if (!done.writes) return outcome === PLAIN_SUCCESS ? PLAIN_END : { outcome };
    const write: AssetWrite = {
      path: task.path,
      properties: done.properties,
      references: done.references,
      stamp: {
        sizeBytes: this.#sizeBytes,
        modifiedMs: this.#modifiedMs,
        contentHash: task.contentHash,
        handlers: done.versions,
        basis: basisOf(task),
      },
      jobId: this.tools.context.jobId,
    };
    return done.bytes < MIN_BYTES ? { outcome, write } : { outcome, write, bytes: done.bytes };
  }
}

/** Returns what else the results rest on: for most assets nothing, and one object shared by all of them. */
function basisOf({ asset: { changedMs }, others, contentRead }: AssetTask): StampBasis {
  const partial = contentRead === null;
  if (changedMs === undefined && !partial && others === NOTHING.others) return NOTHING;
  return { ...(changedMs === undefined ? {} : { changedMs }), ...(partial ? { partial } : {}), others };
}

/** Whether a value is to be awaited. */
export const isThenable = <T>(value: MaybeLater<T>): value is Promise<T> =>
  typeof value === "object" && value !== null && typeof (value as { then?: unknown }).then === "function";

const NOTHING: StampBasis = Object.freeze({ others: NOTHING_LEARNED });
const UNCHANGED: Outcome = Object.freeze({ kind: "SKIPPED", code: "UNCHANGED", attempts: 0 });
const NO_HANDLER: Outcome = Object.freeze({ kind: "SKIPPED", code: "NO_HANDLER", attempts: 0 });

/** The end of most assets of a handler that writes nothing. */
const PLAIN_END: AssetEnd = Object.freeze({ outcome: PLAIN_SUCCESS });

/** Returns the outcome if no handler succeeded: all that accepted the asset skipped it, or none accepted it. */
function skipped({ skipped }: MergedResults, { attempts }: AssetTask): Outcome {
  if (!skipped) return NO_HANDLER;
  const { handler, reason } = skipped;
  return { kind: "SKIPPED", code: "BY_HANDLER", message: reason, handler, attempts };
}

/** Codes of errors about an asset's content that become its outcome. */
const ABOUT_CONTENT: ReadonlySet<string> = new Set([
  "ACCESS_DENIED",
  "READ_FAILED",
  "ENCODING_INVALID",
  "ENCODING_UNKNOWN",
] satisfies ErrorCode[]);

/** Returns the outcome for an error. GONE about the asset itself is not a failure: it was deleted since discovery. */
function failure(handler: string, { path, attempts }: AssetTask, error: unknown): Outcome {
  const message = clip(messageOf(error));
  if (AssetFailure.is(error)) return { kind: "FAILED", code: error.code, message, handler, attempts };
  if (AssetmillError.is(error) && error.ids.path === path) {
    if (error.code === "GONE") return { kind: "SKIPPED", code: "GONE", message, attempts };
    if (ABOUT_CONTENT.has(error.code)) return { kind: "FAILED", code: error.code, message, handler, attempts };
  }
  const of = AssetmillError.is(error) && error.ids.path !== path ? error.ids.path : undefined;
  // Most messages about an asset leave out its path, because an outcome already has one: here it is another asset's.
  const whole = of === undefined || message.includes(of) ? message : clip(`${of}: ${message}`);
  return { kind: "FAILED", code: "HANDLER_ERROR", message: whole, handler, attempts };
}
