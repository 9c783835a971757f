import type { ThreadEnd, ThreadFailure, ThreadWork } from "../../core/ports/handler-threads.js";
import type { SentAsset, SentEnd } from "./messages.js";
import { decodeError } from "./error-codec.js";
import type { TakenParts } from "./result-parts.js";

/** One asset's work, from the call to its end, in one thread after another if threads die. */
export class PoolTask {
  readonly work: ThreadWork;
  /** Threads that died while its handler ran. */
  deaths = 0;
  /** Whether it was running when the threads together exceeded the memory limit: then it must run alone. */
  isHeavy = false;
  isOver = false;
  readonly #onEnd: (end: ThreadEnd | ThreadFailure) => void;

  /** @param onEnd called once */
  constructor(work: ThreadWork, onEnd: (end: ThreadEnd | ThreadFailure) => void) {
    this.work = work;
    this.#onEnd = onEnd;
  }

  get sent(): SentAsset {
    const { handler, asset, jobId, type, attempt, deadlineMs, maxContentBytes, mostBytes, file, bytes } = this.work;
    const sent = { handler, asset, jobId, type, attempt, deadlineMs, maxContentBytes };
    if (mostBytes === undefined && file === undefined && bytes === undefined) return sent;
    return {
      ...sent,
      ...(mostBytes === undefined ? {} : { mostBytes }),
      ...(file === undefined ? {} : { file }),
      ...(bytes === undefined ? {} : { bytes }),
    };
  }

  /** @param parts the parts of its result that were sent before */
  ended(end: SentEnd, parts?: TakenParts): void {
    if ("error" in end) return this.fail(decodeError(end.error));
    const { textWarning, hash, others, busyMs } = end;
    const returned = parts && end.returned ? parts.with(end.returned) : end.returned;
    this.#settle({ returned, textWarning, contentHash: hash, others, busyMs });
  }

  fail(error: unknown): void {
    this.#settle({ error });
  }

  /** Fails with the signal's reason: the task was stopped, or never started. */
  stopped(): void {
    this.fail(this.work.signal.reason);
  }

  #settle(end: ThreadEnd | ThreadFailure): void {
    if (this.isOver) return;
    this.isOver = true;
    this.#onEnd(end);
  }
}
