import { AssetFailure, AssetmillError, isUnavailable, messageOf, RetryableError, SkipAsset } from "../../errors.js";
import type { AssetReference, HandlerResult, PropertyValue } from "../../asset/handler-result.js";
import { checkResult } from "../../asset/handler-result.js";
import type { Outcome } from "../../asset/outcome.js";
import type { AssetHandler } from "../../ports/asset-handler.js";
import type { AssetWrite } from "../../asset/asset-result.js";
import type { Clock } from "../../ports/clock.js";
import type { ContentSource } from "./asset-content.js";
import { AssetContext, type ContextBase } from "./asset-context.js";
import type { Stamp } from "../../asset/stamp.js";
import type { AssetTask } from "./asset-task.js";
import { runInThread, type ThreadTools } from "./run-in-thread.js";
import { isUnchanged } from "./unchanged.js";

/** What one asset's run needs, the same for all of a chunk. */
export interface AssetRunTools {
  readonly handlers: readonly AssetHandler[];
  readonly context: ContextBase;
  readonly content: ContentSource;
  readonly clock: Clock;
  readonly random: () => number;
  readonly tries: number;
  readonly retryDelayMs: number;
  /** Given where assets that are processed and unchanged are to be left alone. */
  readonly stampOf?: (path: string) => Promise<Stamp | undefined>;
  /** Given where handlers that ask for a thread get one. */
  readonly inThreads?: ThreadTools;
}

export interface AssetEnd {
  readonly outcome: Outcome;
  /** For SUCCEEDED only. */
  readonly write?: AssetWrite;
}

/**
 * Runs the handlers that accept an asset, in registration order, until one fails. Undefined where the asset was told to
 * stop and has no outcome: it stays open. Throws only UNAVAILABLE: the repository is out of reach, nobody is to blame.
 */
export async function runAsset(task: AssetTask, tools: AssetRunTools): Promise<AssetEnd | undefined> {
  if (tools.stampOf && (await isUnchanged(task, tools.handlers, tools.stampOf))) return { outcome: UNCHANGED };
  // Before a handler can change them.
  const { sizeBytes, modifiedMs } = task.asset;
  const done = new Merged();
  let accepted = 0;
  let skipped: { handler: string; reason: string } | undefined;
  for (const handler of tools.handlers) {
    let taken = handler.accepts === undefined;
    if (taken) accepted++;
    for (let attempt = 1; ; attempt++) {
      if (task.aborted) return undefined;
      task.attempts = Math.max(task.attempts, attempt);
      try {
        if (!taken) {
          if (!handler.accepts?.(task.asset)) break;
          taken = true;
          accepted++;
        }
        const returned =
          handler.thread && tools.inThreads
            ? runInThread(handler, task, attempt, tools.inThreads, tools)
            : handler.process(task.asset, new AssetContext(tools.context, task, attempt));
        const result = isThenable(returned) ? await returned : returned;
        done.add(handler, result === undefined ? NOTHING : checkResult(result));
        break;
      } catch (error) {
        if (isUnavailable(error)) throw error;
        if (RetryableError.is(error) && attempt < tools.tries) {
          await pauseAfter(attempt, task, tools);
          continue;
        }
        if (SkipAsset.is(error)) {
          skipped ??= { handler: handler.name, reason: clip(error.message) };
          done.ran(handler);
          break;
        }
        // A handler that was told to stop, and threw, has said nothing about the asset.
        if (task.aborted && !task.abandoned) return undefined;
        return { outcome: failure(handler.name, task, error) };
      }
    }
  }
  if (accepted === 0) return { outcome: { kind: "SKIPPED", code: "NO_HANDLER", attempts: 0 } };
  if (done.count === 0 && skipped) {
    const { handler, reason } = skipped;
    return { outcome: { kind: "SKIPPED", code: "BY_HANDLER", message: reason, handler, attempts: task.attempts } };
  }
  const outcome: Outcome =
    task.attempts === 1 && done.warnings.length === 0
      ? PLAIN_SUCCESS
      : { kind: "SUCCEEDED", attempts: task.attempts, warnings: done.warnings };
  if (!done.writes) return { outcome };
  return {
    outcome,
    write: {
      path: task.path,
      properties: done.properties,
      references: done.references,
      stamp: {
        sizeBytes,
        modifiedMs,
        contentHash: task.contentHash,
        handlers: done.versions,
      },
      jobId: tools.context.jobId,
    },
  };
}

/** What the handlers of one asset yielded together. Most yield little: what is empty is shared. */
class Merged {
  /** Handlers that did not skip. */
  count = 0;
  /** One of those that ran leaves something at the asset. */
  writes = false;
  versions: Readonly<Record<string, string>> = EMPTY;
  properties: Readonly<Record<string, PropertyValue>> = EMPTY;
  references: Readonly<Record<string, readonly AssetReference[]>> = EMPTY;
  warnings: readonly string[] = NO_WARNINGS;

  ran(handler: AssetHandler): void {
    this.writes ||= handler.writes !== false;
    this.versions =
      this.versions === EMPTY ? versionOf(handler) : { ...this.versions, [handler.name]: handler.version };
  }

  add(handler: AssetHandler, result: HandlerResult): void {
    this.count++;
    this.ran(handler);
    if (result === NOTHING) return;
    if (result.properties) this.properties = { ...this.properties, ...result.properties };
    if (result.references) this.references = { ...this.references, [handler.name]: result.references };
    if (result.warnings) this.warnings = [...this.warnings, ...result.warnings.map(clip)];
  }
}

const UNCHANGED: Outcome = Object.freeze({ kind: "SKIPPED", code: "UNCHANGED", attempts: 0 });
const EMPTY = Object.freeze({});
const NO_WARNINGS: readonly string[] = Object.freeze([]);
const VERSIONS = new WeakMap<AssetHandler, Readonly<Record<string, string>>>();

/** The same object for every asset that this handler alone worked on. */
function versionOf(handler: AssetHandler): Readonly<Record<string, string>> {
  let versions = VERSIONS.get(handler);
  if (!versions) {
    versions = Object.freeze({ [handler.name]: handler.version });
    VERSIONS.set(handler, versions);
  }
  return versions;
}

const NOTHING: HandlerResult = Object.freeze({});

/** What most assets come to: one object for all of them. */
const PLAIN_SUCCESS: Outcome = Object.freeze({ kind: "SUCCEEDED", attempts: 1, warnings: NO_WARNINGS });

/** Waits before the next try; not at all once the asset is told to stop. Its deadline does not run meanwhile. */
async function pauseAfter(attempt: number, task: AssetTask, tools: AssetRunTools): Promise<void> {
  const pauseMs = tools.retryDelayMs * 2 ** (attempt - 1) * (0.5 + tools.random() / 2);
  task.tryStartedMs = Number.POSITIVE_INFINITY;
  await tools.clock.sleep(pauseMs, task.signal);
  task.tryStartedMs = tools.clock.monotonicMs();
}

type Returned = ReturnType<AssetHandler["process"]>;

const isThenable = (value: Returned): value is Extract<Returned, PromiseLike<unknown>> =>
  typeof value === "object" && value !== null && typeof (value as { then?: unknown }).then === "function";

/** How an error ends an asset. A GONE about the asset itself is no failure: it vanished since discovery. */
function failure(handler: string, { path, attempts }: AssetTask, error: unknown): Outcome {
  const message = clip(messageOf(error));
  if (AssetFailure.is(error)) return { kind: "FAILED", code: error.code, message, handler, attempts };
  if (AssetmillError.is(error) && error.ids.path === path) {
    if (error.code === "GONE") return { kind: "SKIPPED", code: "GONE", message, attempts };
    if (error.code === "ACCESS_DENIED" || error.code === "READ_FAILED") {
      return { kind: "FAILED", code: error.code, message, handler, attempts };
    }
  }
  return { kind: "FAILED", code: "HANDLER_ERROR", message, handler, attempts };
}

const MAX_MESSAGE = 1_000;
const clip = (text: string): string => (text.length <= MAX_MESSAGE ? text : `${text.slice(0, MAX_MESSAGE - 1)}…`);
