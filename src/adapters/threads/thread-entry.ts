import "reflect-metadata";
import { createHash } from "node:crypto";
import { setImmediate as turn } from "node:timers/promises";
import { type MessagePort, workerData } from "node:worker_threads";
import { AssetContext } from "../../core/engine/asset/asset-context.js";
import { AssetTask } from "../../core/engine/asset/asset-task.js";
import { messageOf } from "../../core/errors.js";
import { checkResult, type HandlerResult } from "../../core/asset/handler-result.js";
import { ResultSize } from "../../core/asset/result-size.js";
import { WarningList } from "../../core/asset/warning-list.js";
import type { AssetHandler, HandlerLogger } from "../../core/ports/asset-handler.js";
import type { CreateDigest } from "../../core/ports/digest.js";
import { BatchState } from "./batch-state.js";
import type { FromThread, SentAsset, SentBatch, SentEnd, ThreadModules, ToThread } from "./messages.js";
import { fitsJson } from "./end-log.js";
import { type HereReader, openHere } from "./here-reader.js";
import { handlersOf } from "./plugin-modules.js";
import { Questions, RemoteRepository } from "./remote-repository.js";
import { encodeError } from "./error-codec.js";
import { polledSignal } from "./polled-signal.js";
import { splitResult } from "./result-parts.js";

/** Entry point of a worker thread: runs one batch at a time, its assets one by one. */

/** Turns the event loop between handlers that never wait: otherwise their timers and rejections would never be processed. */
const TURN_EVERY_MS = 10;

/** Loaded with the first batch, so that a module that fails to load fails the batch instead of killing the thread. */
let loaded: ReturnType<typeof handlersOf> | undefined;

const sha256: CreateDigest = () => {
  const hash = createHash("sha256");
  return {
    update: (bytes) => void hash.update(bytes),
    finish: () => `sha256:${hash.digest("hex")}`,
  };
};

export default async function runBatch({ port, memory, count, assets, reader }: SentBatch): Promise<readonly string[]> {
  const state = new BatchState(memory, count);
  state.beginsBatch();
  loaded ??= handlersOf(modulesOf(workerData));
  const handlers = await loaded;
  const here = reader && (await openHere(reader));
  const questions = new Questions(port);
  // One for the whole batch until it is aborted: only one asset at a time uses it, and making one takes a while.
  let told = polledSignal(() => state.isTold(current));
  let current = 0;
  port.on("message", (message: ToThread) => {
    if (message.kind === "answer") questions.answered(message.id, message.answer);
    else told.look();
  });
  const onRejection = (reason: unknown): void => {
    const message = `unhandled promise rejection: ${messageOf(reason)}`;
    post(port, { kind: "log", index: state.running ?? 0, level: "warn", message });
  };
  process.on("unhandledRejection", onRejection);
  try {
    let turnedMs = performance.now();
    const all = typeof assets === "string" ? (JSON.parse(assets) as readonly SentAsset[]) : assets;
    for (const [index, sent] of all.entries()) {
      // Announces the asset, then checks the stop flag. The main thread sets the flag, then checks what is running: it cannot miss it.
      state.begins(index);
      if (state.isTold(index)) {
        state.ended();
        continue;
      }
      current = index;
      if (told.signal.aborted) told = polledSignal(() => state.isTold(current));
      const thread = { port, questions, here };
      const end = await runOne(index, sent, handlers.get(sent.handler), told.signal, thread);
      if (!fitsJson(end) || !state.ends.write(index, end)) post(port, { kind: "end", index, end });
      state.ended();
      if (performance.now() - turnedMs < TURN_EVERY_MS) continue;
      // The main thread takes those that are left when the batch has ended.
      post(port, { kind: "ends", index, count: state.ends.count });
      await turn();
      turnedMs = performance.now();
    }
  } finally {
    process.off("unhandledRejection", onRejection);
    port.close();
  }
  return [...handlers.keys()];
}

/** What a batch's assets have in common in this thread. */
interface ThreadSide {
  readonly port: MessagePort;
  readonly questions: Questions;
  readonly here: HereReader | undefined;
}

async function runOne(
  index: number,
  sent: SentAsset,
  handler: AssetHandler | undefined,
  signal: AbortSignal,
  { port, questions, here }: ThreadSide,
): Promise<SentEnd> {
  const startedMs = performance.now();
  const task = new ThreadTask(index, sent, signal, new RemoteRepository(questions, index, sent, here));
  const context = new AssetContext(
    {
      jobId: sent.jobId,
      type: sent.type,
      deadlineMs: sent.deadlineMs,
      logger: loggerOf(index, port),
      repository: task.repository,
      maxContentBytes: sent.maxContentBytes,
    },
    task,
    sent.attempt,
    sent.mostBytes,
  );
  const since = (): { hash: string | null | undefined; busyMs: number } => ({
    hash: task.contentRead,
    busyMs: performance.now() - startedMs,
  });
  try {
    if (!handler)
      throw new Error(
        `the thread has no handler named ${sent.handler}; do the plugins register the same handlers in every thread?`,
      );
    const returned = await handler.process(sent.asset, context);
    const result = returned === undefined ? undefined : await sendParts(plain(checkResult(returned)), index, questions);
    return { returned: result, textWarning: task.textWarning, others: task.others, ...since() };
  } catch (error) {
    return { error: encodeError(error), ...since() };
  }
}

/** The asset's task as its context knows it, with the thread's own signal. */
class ThreadTask extends AssetTask {
  readonly repository: RemoteRepository;
  readonly #signal: AbortSignal;

  constructor(index: number, sent: SentAsset, signal: AbortSignal, repository: RemoteRepository) {
    super(index, sent.asset, { repository, createDigest: sha256, maxBytes: sent.maxContentBytes }, performance.now());
    this.repository = repository;
    this.#signal = signal;
  }

  override get signal(): AbortSignal {
    return this.#signal;
  }
}

/**
 * Copies the result to a plain object: an instance's getters would not survive the transfer. Throws RESULT_TOO_LARGE before
 * the main thread has to receive what it would refuse.
 */
function plain(result: HandlerResult): HandlerResult {
  new ResultSize().addResult(result);
  const { properties, references } = result;
  const warnings = new WarningList();
  warnings.addOf(result);
  return {
    ...(properties === undefined ? {} : { properties }),
    ...(references === undefined ? {} : { references }),
    ...(warnings.kept.length + warnings.more === 0 ? {} : warnings.result),
  };
}

/** Sends the parts of a large result, one at a time. Returns the rest, or all of a result that is not large. */
async function sendParts(result: HandlerResult, index: number, questions: Questions): Promise<HandlerResult> {
  const { parts, rest } = splitResult(result);
  for (const part of parts) await questions.ask(index, { what: "part", part });
  return rest;
}

function loggerOf(index: number, port: MessagePort): HandlerLogger {
  const line = (level: keyof HandlerLogger) => (message: string) =>
    post(port, { kind: "log", index, level, message: String(message) });
  return { debug: line("debug"), info: line("info"), warn: line("warn"), error: line("error") };
}

/** Posts a message. A result that cannot be cloned (a function inside a reference, say) fails its asset, not the thread. */
function post(port: MessagePort, message: FromThread): void {
  try {
    port.postMessage(message);
  } catch (error) {
    if (message.kind !== "end") return;
    const { index, end } = message;
    const { hash, busyMs } = end;
    port.postMessage({ kind: "end", index, end: { error: encodeError(error), hash, busyMs } } satisfies FromThread);
  }
}

const modulesOf = (data: unknown): readonly string[] => (data as ThreadModules).modules;
