import { AssetFailure } from "../../errors.js";
import type { AssetHandler, HandlerReturn } from "../../ports/asset-handler.js";
import type { AssetRepository } from "../../ports/asset-repository.js";
import type { Clock } from "../../ports/clock.js";
import { type HandlerThreads, MAX_THREAD_DEATHS } from "../../ports/handler-threads.js";
import type { ContextBase } from "./asset-context.js";
import type { AssetTask } from "./asset-task.js";

/** Content up to this size is sent to the thread with its asset. The thread requests larger content piece by piece. */
const MAX_CROSSING_BYTES = 1024 * 1024;

/** Dependencies of a handler's run in a thread. */
export interface ThreadTools {
  readonly threads: HandlerThreads;
  /** Whether a handler runs there for every asset. Else few assets do, and there are no lanes for whole batches of them. */
  readonly always: boolean;
  /** Runs work while others can use the asset's slot. */
  readonly outside: <T>(work: () => Promise<T>) => Promise<T>;
  /** See `repositorySilence`. @defaultValue never */
  readonly silence?: () => Error | undefined;
}

interface AssetTools {
  readonly context: ContextBase;
  readonly clock: Clock;
}

/** Runs one try of a handler in a thread. The thread enforces the deadline, so it is suspended here. */
export async function runInThread(
  handler: AssetHandler,
  task: AssetTask,
  attempt: number,
  { threads, outside, silence }: ThreadTools,
  { context, clock }: AssetTools,
): Promise<HandlerReturn> {
  const { jobId, type, deadlineMs, maxContentBytes, logger, repository } = context;
  const { asset, signal } = task;
  const content = await contentOf(task, repository);
  task.tryStartedMs = Number.POSITIVE_INFINITY;
  let busyMs = 0;
  // What this process has read, the thread reads again; and nothing that holds room may wait for a thread.
  task.giveUpRoom();
  try {
    const base = { jobId, type, deadlineMs, maxContentBytes, logger, repository, ...(silence ? { silence } : {}) };
    const end = await outside(async () => {
      // Content above the limit is not held, but read as a stream. Room is taken first: a thread must not wait for it.
      if (task.sizeBytes <= maxContentBytes) await task.makeRoom(task.sizeBytes);
      return threads.run({ ...base, handler: handler.name, asset, attempt, signal, ...content });
    });
    busyMs = end.busyMs;
    if (end.contentHash !== undefined) task.content.readAs(end.contentHash);
    if (end.textWarning !== undefined) task.content.textWarning = end.textWarning;
    for (const [path, answer] of Object.entries(end.others)) task.learned(path, answer);
    return end.returned;
  } catch (error) {
    if (AssetFailure.is(error) && error.code === "POISON") task.attempts = Math.max(task.attempts, MAX_THREAD_DEATHS);
    throw error;
  } finally {
    task.giveUpRoom();
    task.tryStartedMs = clock.monotonicMs() - busyMs;
  }
}

/** Returns the content as a file if possible, else as bytes. If it cannot be read, the handler will get the error. */
async function contentOf(
  task: AssetTask,
  repository: Pick<AssetRepository, "fileOf">,
): Promise<{ readonly file?: string; readonly bytes?: Uint8Array }> {
  try {
    if (repository.fileOf) return { file: repository.fileOf(task.path) };
    if (task.sizeBytes <= MAX_CROSSING_BYTES) return { bytes: await task.content.bytes(task.signal) };
  } catch {
    // The thread reads it again, and its handler gets the error.
  }
  return {};
}
