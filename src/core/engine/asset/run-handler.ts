import { RetryableError } from "../../errors.js";
import { type AssetHandler, type HandlerReturn, type LargeInThreads, runsInThread } from "../../ports/asset-handler.js";
import type { Clock } from "../../ports/clock.js";
import { backOff, retryCurve } from "../back-off.js";
import { AssetContext, type ContextBase, LargerThanListed } from "./asset-context.js";
import type { AssetTask } from "./asset-task.js";
import { runInThread, type ThreadTools } from "./run-in-thread.js";

/** Dependencies of a handler's run on an asset. */
export interface HandlerRunTools {
  readonly context: ContextBase;
  readonly clock: Clock;
  readonly random: () => number;
  /** Maximum number of tries of a handler that throws RetryableError. */
  readonly tries: number;
  readonly retryDelayMs: number;
  /** Present if handlers with `thread` run in threads. */
  readonly inThreads?: ThreadTools;
}

/** Stands for a handler that does not accept the asset. */
export const NOT_ACCEPTED = Symbol("not accepted");

/** What a handler returned, not yet validated. */
export type HandlerAnswer = HandlerReturn | typeof NOT_ACCEPTED;

/**
 * Starts one try of a handler and returns what the handler returns: its answer or a promise of it. The caller awaits
 * only a promise. Allocates nothing per asset but the handler's context: that cost dominates at a million assets.
 */
export function startTry(
  handler: AssetHandler,
  task: AssetTask,
  attempt: number,
  tools: HandlerRunTools,
): HandlerAnswer | Promise<HandlerAnswer> {
  task.attempts = Math.max(task.attempts, attempt);
  if (task.acceptedBy !== handler) {
    if (handler.accepts && !handler.accepts(task.asset)) return NOT_ACCEPTED;
    task.acceptedBy = handler;
  }
  const { answered } = task;
  if (answered) {
    task.answered = undefined;
    return answered();
  }
  const { inThreads, context } = tools;
  if (!inThreads || !handler.thread) return handler.process(task.asset, new AssetContext(context, task, attempt));
  if (runsInThread(handler, task.sizeBytes)) return runInThread(handler, task, attempt, inThreads, tools);
  const { overBytes } = handler.thread as LargeInThreads;
  return handler.process(task.asset, new AssetContext(context, task, attempt, overBytes));
}

/**
 * Retries a handler whose first try threw `error`, as long as it throws RetryableError and has tries left, with a
 * back-off before each. Throws what the last try threw; also if the asset is told to stop before the next try.
 */
export async function retryHandler(
  handler: AssetHandler,
  task: AssetTask,
  error: unknown,
  tools: HandlerRunTools,
): Promise<HandlerAnswer> {
  let last = error;
  if (error instanceof LargerThanListed) {
    // Not a further try: the handler has seen nothing.
    task.sizeBytes = error.sizeBytes;
    task.content.forget();
    try {
      return await startTry(handler, task, 1, tools);
    } catch (thrown) {
      last = thrown;
    }
  }
  for (let attempt = 2; RetryableError.is(last) && attempt <= tools.tries; attempt++) {
    await pauseAfter(attempt - 1, task, tools);
    if (task.aborted) break;
    try {
      return await startTry(handler, task, attempt, tools);
    } catch (thrown) {
      last = thrown;
    }
  }
  throw last;
}

/**
 * Pauses before a retry. Ends at once when the asset is told to stop. The pause does not count towards the deadline.
 */
async function pauseAfter(attempt: number, task: AssetTask, tools: HandlerRunTools): Promise<void> {
  // The pause may be long, and others wait.
  task.giveUpRoom();
  const pauseMs = backOff(attempt, tools.random, retryCurve(tools.retryDelayMs));
  task.tryStartedMs = Number.POSITIVE_INFINITY;
  await tools.clock.sleep(pauseMs, task.signal);
  task.tryStartedMs = tools.clock.monotonicMs();
}
