import type { ThreadEnd, ThreadWork } from "../../core/ports/handler-threads.js";
import type { SentAsset, SentEnd } from "./messages.js";
import { decodeError } from "./error-codec.js";
import type { TakenParts } from "./result-parts.js";

/** One asset's work, from the call to its end, in one thread after another if threads die. */
export class PoolTask {
  readonly work: ThreadWork;
  readonly end: Promise<ThreadEnd>;
  /** Threads that died while its handler ran. */
  deaths = 0;
  /** Whether it was running when the threads together exceeded the memory limit: then it must run alone. */
  isHeavy = false;
  isOver = false;
  readonly #resolve: (end: ThreadEnd) => void;
  readonly #reject: (error: unknown) => void;

  constructor(work: ThreadWork) {
    this.work = work;
    let settle: { resolve: (end: ThreadEnd) => void; reject: (error: unknown) => void } | undefined;
    this.end = new Promise((resolve, reject) => {
      settle = { resolve, reject };
    });
    this.#resolve = (end) => settle?.resolve(end);
    this.#reject = (error) => settle?.reject(error);
  }

  get sent(): SentAsset {
    const { handler, asset, jobId, type, attempt, deadlineMs, maxContentBytes, file, bytes } = this.work;
    const base = { handler, asset, jobId, type, attempt, deadlineMs, maxContentBytes };
    return { ...base, ...(file === undefined ? {} : { file }), ...(bytes === undefined ? {} : { bytes }) };
  }

  /** @param parts the parts of its result that were sent before */
  ended(end: SentEnd, parts?: TakenParts): void {
    if ("error" in end) return this.fail(decodeError(end.error));
    this.isOver = true;
    const { textWarning, hash, others, busyMs } = end;
    const returned = parts && end.returned ? parts.with(end.returned) : end.returned;
    this.#resolve({ returned, textWarning, contentHash: hash, others, busyMs });
  }

  fail(error: unknown): void {
    this.isOver = true;
    this.#reject(error);
  }

  /** Rejects with the signal's reason: the task was stopped, or never started. */
  stopped(): void {
    this.fail(this.work.signal.reason);
  }
}
