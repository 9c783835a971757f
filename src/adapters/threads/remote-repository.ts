import { createReadStream, constants, readFileSync, statSync } from "node:fs";
import type { Readable } from "node:stream";
import type { MessagePort } from "node:worker_threads";
import type { AssetRepository, ReadableAssets } from "../../core/ports/asset-repository.js";
import type { HereReader } from "./here-reader.js";
import type { Answer, FromThread, Question, SentAsset } from "./messages.js";
import { decodeError } from "./error-codec.js";

const PIECE_BYTES = 256 * 1024;
// The main thread has checked that the file is not a link; O_NOFOLLOW covers one that is swapped in meanwhile.
// (Node accepts numeric flags here; its typings only know text.)
const READ_ONLY = (constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0)) as unknown as string;

/** Sends a thread's questions about the repository to the main thread. */
export class Questions {
  readonly #port: MessagePort;
  readonly #open = new Map<number, (answer: Answer) => void>();
  #last = 0;

  constructor(port: MessagePort) {
    this.#port = port;
  }

  ask(index: number, question: Question): Promise<Answer> {
    const id = ++this.#last;
    return new Promise((answered, failed) => {
      this.#open.set(id, (answer) => ("error" in answer ? failed(decodeError(answer.error)) : answered(answer)));
      this.#port.postMessage({ kind: "ask", index, id, question } satisfies FromThread);
    });
  }

  answered(id: number, answer: Answer): void {
    this.#open.get(id)?.(answer);
    this.#open.delete(id);
  }
}

/** Reads the repository for one asset's handler in a thread: the asset's own content directly, all else through the main thread. */
export class RemoteRepository implements ReadableAssets {
  readonly #questions: Questions;
  readonly #index: number;
  readonly #sent: SentAsset;
  readonly #here: HereReader | undefined;
  #streams = 0;

  /** @param here reads what it can in this thread */
  constructor(questions: Questions, index: number, sent: SentAsset, here: HereReader | undefined) {
    this.#here = here;
    this.#questions = questions;
    this.#index = index;
    this.#sent = sent;
  }

  exists(path: string): boolean | Promise<boolean> {
    return this.#here ? this.#here.reader.exists(path) : this.stat([path]).then(([node]) => node !== undefined);
  }

  /** Not for what was sent with the asset, or is in a file of its own. */
  readNow(path: string): Uint8Array | undefined {
    const { asset, file, bytes } = this.#sent;
    return path === asset.path && (file !== undefined || bytes) ? undefined : this.#here?.reader.readNow(path);
  }

  async stat(paths: readonly string[]): ReturnType<AssetRepository["stat"]> {
    const answer = await this.#questions.ask(this.#index, { what: "stat", paths });
    return "nodes" in answer ? answer.nodes : [];
  }

  async similar(path: string, signal?: AbortSignal): Promise<string | undefined> {
    if (this.#here) return this.#here.similarPaths.find(path, signal);
    const answer = await this.#questions.ask(this.#index, { what: "similar", path });
    return "similar" in answer ? answer.similar : undefined;
  }

  async *read(path: string, signal?: AbortSignal): AsyncIterable<Uint8Array> {
    const { asset, file, bytes } = this.#sent;
    if (path === asset.path && bytes) yield bytes;
    else if (path === asset.path && file !== undefined) yield* this.#readFile(file, signal);
    else yield* this.#ask(path);
  }

  async *#readFile(file: string, signal: AbortSignal | undefined): AsyncIterable<Uint8Array> {
    let opened = false;
    try {
      if (statSync(file).size <= PIECE_BYTES) {
        const whole = readFileSync(file, { flag: READ_ONLY });
        opened = true;
        yield whole;
      } else {
        const pieces: Readable = createReadStream(file, { flags: READ_ONLY, highWaterMark: PIECE_BYTES, signal });
        for await (const piece of pieces) {
          opened = true;
          yield piece as Uint8Array;
        }
      }
    } catch (error) {
      if (opened) throw error;
      // The repository reports the error in its own terms.
      yield* this.#ask(this.#sent.asset.path);
    }
  }

  async *#ask(path: string): AsyncIterable<Uint8Array> {
    const stream = ++this.#streams;
    let left = await this.#questions.ask(this.#index, { what: "read", stream, path });
    try {
      while ("piece" in left && left.piece) {
        yield left.piece;
        left = await this.#questions.ask(this.#index, { what: "next", stream });
      }
    } finally {
      // Abandoned early: close the stream without waiting for the answer.
      if ("piece" in left && left.piece)
        void this.#questions.ask(this.#index, { what: "close", stream }).catch(() => {});
    }
  }
}
