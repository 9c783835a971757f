import type { AssetWrite } from "../../asset/asset-result.js";
import type { Outcome } from "../../asset/outcome.js";
import type { StampBasis } from "../../asset/stamp.js";
import { AssetFailure, AssetmillError, type ErrorCode, isUnavailable, messageOf, SkipAsset } from "../../errors.js";
import type { AssetHandler } from "../../ports/asset-handler.js";
import type { ContentSource } from "./asset-content.js";
import { type AssetTask, NOTHING_LEARNED } from "./asset-task.js";
import { clip } from "../../asset/clip.js";
import { MergedResults, NO_WARNINGS } from "./merged-results.js";
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
 * not to blame.
 */
export async function runAsset(task: AssetTask, tools: AssetRunTools): Promise<AssetEnd | undefined> {
  const { unreadable } = task.asset;
  if (unreadable) return { outcome: { kind: "FAILED", ...unreadable, attempts: 0 } };
  if (tools.stampOf && (await isUnchanged(task, tools, tools.stampOf))) return { outcome: UNCHANGED };
  // Read before a handler can change them.
  const { sizeBytes, modifiedMs } = task.asset;
  const done = new MergedResults();
  for (const handler of tools.handlers) {
    if (task.aborted) return undefined;
    try {
      let answer: HandlerAnswer;
      try {
        const started = startTry(handler, task, 1, tools);
        answer = isThenable(started) ? await started : started;
      } catch (error) {
        answer = await retryHandler(handler, task, error, tools);
      }
      if (answer !== NOT_ACCEPTED) done.add(handler, answer);
    } catch (error) {
      if (isUnavailable(error)) throw error;
      if (SkipAsset.is(error)) {
        done.skip(handler, error.message);
        continue;
      }
      // If a handler throws after it was told to stop, that says nothing about the asset.
      if (task.aborted && !task.abandoned) return undefined;
      return { outcome: failure(handler.name, task, error) };
    }
  }
  if (done.succeeded === 0) return { outcome: skipped(done, task) };
  if (task.textWarning !== undefined) done.warn(task.textWarning);
  const { warnings, moreWarnings } = done;
  const outcome: Outcome =
    task.attempts === 1 && warnings.length === 0 && moreWarnings === 0
      ? PLAIN_SUCCESS
      : { kind: "SUCCEEDED", attempts: task.attempts, warnings, ...(moreWarnings === 0 ? {} : { moreWarnings }) };
  if (!done.writes) return { outcome };
  return {
    outcome,
    ...(done.bytes < MIN_BYTES ? {} : { bytes: done.bytes }),
    write: {
      path: task.path,
      properties: done.properties,
      references: done.references,
      stamp: {
        sizeBytes,
        modifiedMs,
        contentHash: task.contentHash,
        handlers: done.versions,
        basis: basisOf(task),
      },
      jobId: tools.context.jobId,
    },
  };
}

/** Returns what else the results rest on: for most assets nothing, and one object shared by all of them. */
function basisOf({ asset: { changedMs }, others, contentRead }: AssetTask): StampBasis {
  const partial = contentRead === null;
  if (changedMs === undefined && !partial && others === NOTHING.others) return NOTHING;
  return { ...(changedMs === undefined ? {} : { changedMs }), ...(partial ? { partial } : {}), others };
}

type Started = ReturnType<typeof startTry>;

const isThenable = (value: Started): value is Extract<Started, PromiseLike<unknown>> =>
  typeof value === "object" && value !== null && typeof (value as { then?: unknown }).then === "function";

const NOTHING: StampBasis = Object.freeze({ others: NOTHING_LEARNED });
const UNCHANGED: Outcome = Object.freeze({ kind: "SKIPPED", code: "UNCHANGED", attempts: 0 });
const NO_HANDLER: Outcome = Object.freeze({ kind: "SKIPPED", code: "NO_HANDLER", attempts: 0 });

/** The outcome of most assets: one object shared by all of them. */
const PLAIN_SUCCESS: Outcome = Object.freeze({ kind: "SUCCEEDED", attempts: 1, warnings: NO_WARNINGS });

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
