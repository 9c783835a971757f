import type { ReadableAssets } from "../../core/ports/asset-repository.js";
import type { Answer, Question } from "./messages.js";

/** What the repository can answer. */
type RepositoryQuestion = Exclude<Question, { readonly what: "part" }>;
import { encodeError } from "./error-codec.js";

/** Serves the repository, in the main thread, to one asset's handler in its thread. */
export class RepositoryServer {
  readonly #repository: ReadableAssets;
  readonly #signal: AbortSignal;
  readonly #streams = new Map<number, AsyncIterator<Uint8Array>>();

  constructor(repository: ReadableAssets, signal: AbortSignal) {
    this.#repository = repository;
    this.#signal = signal;
  }

  async answer(question: RepositoryQuestion): Promise<Answer> {
    try {
      if (question.what === "stat") return { nodes: await this.#repository.stat(question.paths) };
      if (question.what === "similar")
        return { similar: await this.#repository.similar?.(question.path, this.#signal) };
      if (question.what === "close") {
        await this.#close(question.stream);
        return { piece: undefined };
      }
      if (question.what === "read") {
        this.#streams.set(question.stream, this.#repository.read(question.path, this.#signal)[Symbol.asyncIterator]());
      }
      const next = await this.#streams.get(question.stream)?.next();
      if (next && !next.done) return { piece: next.value };
      this.#streams.delete(question.stream);
      return { piece: undefined };
    } catch (error) {
      return { error: encodeError(error) };
    }
  }

  /** Closes streams that a handler, or a dead thread, left unfinished. */
  close(): void {
    for (const stream of this.#streams.keys()) void this.#close(stream).catch(() => {});
  }

  async #close(stream: number): Promise<void> {
    const iterator = this.#streams.get(stream);
    this.#streams.delete(stream);
    await iterator?.return?.();
  }
}
