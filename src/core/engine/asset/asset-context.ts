import { decodeText } from "../../asset/decode-text.js";
import { AssetFailure, AssetmillError, RetryableError, SkipAsset } from "../../errors.js";
import type { HandlerContext, HandlerLogger, RepositoryReader } from "../../ports/asset-handler.js";
import type { AssetRepository, ReadableAssets } from "../../ports/asset-repository.js";
import { collect } from "./asset-content.js";
import { type AssetTask, UNREADABLE } from "./asset-task.js";

/** The part of a context that all assets of a chunk share. */
export interface ContextBase {
  readonly jobId: string;
  readonly type: string;
  readonly deadlineMs: number;
  readonly logger: HandlerLogger;
  readonly repository: ReadableAssets & Pick<AssetRepository, "fileOf" | "inThread">;
  readonly maxContentBytes: number;
}

/** Content that was to be read in the main thread has grown since it was listed, or was listed without its size. */
export class LargerThanListed extends Error {
  readonly sizeBytes: number;

  constructor(sizeBytes: number) {
    super(`the content has ${sizeBytes} bytes, more than was listed`);
    this.sizeBytes = sizeBytes;
  }
}

/** One handler's view of one asset during one try. Everything expensive is created only when used. */
export class AssetContext implements HandlerContext {
  readonly attempt: number;
  readonly #base: ContextBase;
  readonly #task: AssetTask;
  readonly #mostBytes: number;

  /** @param mostBytes larger content must be read in a thread: LargerThanListed is thrown */
  constructor(base: ContextBase, task: AssetTask, attempt: number, mostBytes = Number.POSITIVE_INFINITY) {
    this.#base = base;
    this.#task = task;
    this.#mostBytes = mostBytes;
    this.attempt = attempt;
  }

  get jobId(): string {
    return this.#base.jobId;
  }

  get type(): string {
    return this.#base.type;
  }

  get deadlineMs(): number {
    return this.#base.deadlineMs;
  }

  get parameters(): Readonly<Record<string, unknown>> {
    return NO_PARAMETERS;
  }

  get signal(): AbortSignal {
    return this.#task.signal;
  }

  get logger(): HandlerLogger {
    const { logger } = this.#base;
    const { path } = this.#task;
    return {
      debug: (message) => logger.debug(`${path}: ${message}`),
      info: (message) => logger.info(`${path}: ${message}`),
      warn: (message) => logger.warn(`${path}: ${message}`),
      error: (message) => logger.error(`${path}: ${message}`),
    };
  }

  get repository(): RepositoryReader {
    const { repository, maxContentBytes } = this.#base;
    const task = this.#task;
    // What is learned here becomes part of the stamp: the result may depend on it.
    const bytes = async (path: string): Promise<Uint8Array> => {
      try {
        const sizeOf = async (): Promise<number | undefined> => {
          const [node] = await repository.stat([path], this.signal);
          return node?.kind === "asset" ? node.asset.sizeBytes : undefined;
        };
        const digest = task.createDigest();
        const pieces = repository.read(path, this.signal);
        const content = await collect(pieces, path, maxContentBytes, sizeOf, (piece) => digest.update(piece));
        task.learned(path, digest.finish());
        return content;
      } catch (error) {
        task.learned(path, AssetmillError.is(error) && error.code === "GONE" ? false : UNREADABLE);
        throw error;
      }
    };
    return {
      exists: async (path) => {
        const there = repository.exists
          ? await repository.exists(path)
          : (await repository.stat([path], this.signal))[0] !== undefined;
        task.learned(path, there);
        return there;
      },
      similar: async (path) => repository.similar?.(path, this.signal),
      bytes,
      text: async (path) => decodeText(await bytes(path), path).text,
    };
  }

  bytes(): Promise<Uint8Array> {
    const bytes = this.#task.content.bytes(this.signal);
    return this.#mostBytes === Number.POSITIVE_INFINITY ? bytes : this.#ifSmall(bytes);
  }

  async text(): Promise<string> {
    if (this.#mostBytes !== Number.POSITIVE_INFINITY) await this.bytes();
    return this.#task.content.text(this.signal);
  }

  async #ifSmall(content: Promise<Uint8Array>): Promise<Uint8Array> {
    const bytes = await content;
    if (bytes.length > this.#mostBytes) throw new LargerThanListed(bytes.length);
    return bytes;
  }

  stream(): AsyncIterable<Uint8Array> {
    return this.#task.content.stream(this.signal);
  }

  skip(reason: string): SkipAsset {
    return new SkipAsset(reason);
  }

  fail(code: string, message: string): AssetFailure {
    return new AssetFailure(code, message);
  }

  retry(message: string): RetryableError {
    return new RetryableError(message);
  }
}

const NO_PARAMETERS: Readonly<Record<string, unknown>> = Object.freeze({});
