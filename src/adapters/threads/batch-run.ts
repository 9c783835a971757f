import { MessageChannel, type MessagePort, receiveMessageOnPort } from "node:worker_threads";
import { AssetFailure } from "../../core/errors.js";
import { BatchState } from "./batch-state.js";
import type { FromThread, SentBatch, SentEnd, ToThread } from "./messages.js";
import type { PoolTask } from "./pool-task.js";
import { RepositoryServer } from "./repository-server.js";
import { TakenParts } from "./result-parts.js";

/** Grace period for a handler that was told to stop, before its thread is terminated. */
const HEED_MS = 1_000;

/** Tasks that an ended thread leaves behind. */
interface Remains {
  /** The task whose handler ran when the thread died, or exceeded the memory limit while it ran alone. */
  readonly charged: PoolTask | undefined;
  /** Unfinished tasks without blame, to run in another thread. */
  readonly left: readonly PoolTask[];
}

/** A batch of assets that runs in a thread, as the main thread sees it. */
export class BatchRun {
  readonly batch: SentBatch;
  /** Aborted to terminate the thread. */
  readonly ending = new AbortController();
  busyMs = 0;
  done = 0;
  /**
   * Set if it was ended because the process exceeded the memory limit. If it was the only batch running, its asset is
   * to blame.
   */
  tooMuch: "alone" | "with others" | undefined;
  readonly #all: readonly PoolTask[];
  readonly #port: MessagePort;
  readonly #state: BatchState;
  readonly #servers = new Map<number, RepositoryServer>();
  readonly #parts = new Map<number, TakenParts>();
  readonly #forget: (() => void)[] = [];
  /** The running asset that was told to stop, and when that was seen. */
  #told: { readonly index: number; readonly atMs: number } | undefined;

  constructor(all: readonly PoolTask[]) {
    this.#all = all;
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    this.#state = BatchState.of(all.length);
    const sent = all.map((task) => task.sent);
    const reader = all[0]?.work.repository.inThread;
    this.batch = {
      port: port2,
      memory: this.#state.memory,
      count: all.length,
      assets: sent.some(({ bytes }) => bytes) ? sent : JSON.stringify(sent),
      ...(reader ? { reader } : {}),
    };
    port1.on("message", (message: FromThread) => this.#receive(message));
    for (const signal of new Set(all.map(({ work }) => work.signal))) this.#passOnStop(signal);
  }

  /** Whether a thread that has loaded its code has taken it. */
  get hasBegun(): boolean {
    return this.#state.hasBegun;
  }

  /** Terminates the thread if its asset exceeds the deadline, or ignores its signal. */
  watch(nowMs: number): void {
    if (this.ending.signal.aborted) return;
    const { running } = this.#state;
    const task = running === undefined ? undefined : this.#all[running];
    if (running === undefined || !task) return;
    const { deadlineMs } = task.work;
    if (!this.#state.isTold(running)) this.#told = undefined;
    else if (this.#told?.index !== running) this.#told = { index: running, atMs: nowMs };
    if (this.#state.overdue(deadlineMs) === running) {
      this.ending.abort();
      // A result that arrives just now takes precedence.
      this.#drain();
      if (!task.isOver) {
        const late = new AssetFailure("DEADLINE", `not finished within ${deadlineMs} ms; its thread was terminated`);
        task.fail(task.work.silence?.() ?? late);
      }
    } else if (this.#told?.index === running && nowMs - this.#told.atMs > HEED_MS) {
      this.ending.abort();
      this.#drain();
      if (!task.isOver) task.stopped();
    }
  }

  /**
   * Terminates the thread because the process exceeded the memory limit. Its running asset runs again on its own, and
   * is blamed if that exceeds the limit as well.
   */
  endHeavy(alone: boolean): void {
    const { running } = this.#state;
    if (running === undefined || this.ending.signal.aborted) return;
    this.tooMuch = alone ? "alone" : "with others";
    const task = this.#all[running];
    if (task) task.isHeavy = true;
    this.ending.abort();
  }

  /** Cleans up after the thread finished the batch or died: takes its last messages, returns unfinished tasks. */
  close(): Remains {
    this.#drain();
    for (const forget of this.#forget) forget();
    for (const server of this.#servers.values()) server.close();
    this.#port.close();
    const { running } = this.#state;
    const blames = this.ending.signal.aborted ? this.tooMuch === "alone" : true;
    const killer = running === undefined || !blames ? undefined : this.#all[running];
    const open = this.#all.filter(({ isOver }) => !isOver);
    return {
      charged: killer && !killer.isOver ? killer : undefined,
      left: open.filter((task) => task !== killer),
    };
  }

  #drain(): void {
    for (;;) {
      const entry: { message: unknown } | undefined = receiveMessageOnPort(this.#port);
      if (!entry) break;
      this.#receive(entry.message as FromThread);
    }
    this.#state.ends.read(this.#takeEnd);
  }

  readonly #takeEnd = (index: number, end: SentEnd): void => {
    this.busyMs += end.busyMs;
    this.done++;
    this.#servers.get(index)?.close();
    const parts = this.#parts.get(index);
    this.#parts.delete(index);
    this.#all[index]?.ended(end, parts);
  };

  #receive(message: FromThread): void {
    if (message.kind === "ends") return this.#state.ends.read(this.#takeEnd, message.count);
    if (message.kind === "end") return this.#takeEnd(message.index, message.end);
    const task = this.#all[message.index];
    if (!task) return;
    const { logger, repository, signal } = task.work;
    if (message.kind === "log") {
      logger[message.level](message.message);
    } else if (message.question.what === "part") {
      const parts = this.#parts.get(message.index) ?? new TakenParts();
      this.#parts.set(message.index, parts);
      if (!task.isOver) parts.take(message.question.part);
      this.#port.postMessage({ kind: "answer", id: message.id, answer: { piece: undefined } } satisfies ToThread);
    } else {
      const server = this.#servers.get(message.index) ?? new RepositoryServer(repository, signal);
      this.#servers.set(message.index, server);
      const { id, question } = message;
      void server
        .answer(question)
        .then((answer) => this.#port.postMessage({ kind: "answer", id, answer } satisfies ToThread));
    }
  }

  #passOnStop(signal: AbortSignal): void {
    const stop = (): void => {
      // What has ended stays so.
      this.#drain();
      this.#all.forEach((task, index) => {
        if (task.work.signal !== signal) return;
        this.#state.tell(index);
        if (this.#state.running === index) this.#port.postMessage({ kind: "stop", index } satisfies ToThread);
        else task.stopped();
      });
    };
    signal.addEventListener("abort", stop, { once: true });
    this.#forget.push(() => signal.removeEventListener("abort", stop));
    if (signal.aborted) stop();
  }
}
