import type { Asset } from "../../asset/asset.js";
import type { FileType } from "../../asset/file-type.js";
import type { AssetHandler } from "../../ports/asset-handler.js";
import { AssetContent, type ContentSource } from "./asset-content.js";

/** One asset while it is in flight. */
export class AssetTask {
  readonly index: number;
  /** As the handlers get it: whatever they do to it, path and type below stay. */
  readonly asset: Asset;
  readonly path: string;
  /** As discovery counted it, whatever the asset has become since. */
  readonly fileType: FileType;
  /** When the present try began, by the worker's monotonic clock; infinite between tries. */
  tryStartedMs: number;
  /** The try that is under way, or the most that any handler needed. */
  attempts = 1;
  /** The handler that accepted the asset last: it is not asked again at its further tries. */
  acceptedBy: AssetHandler | undefined;
  /** The deadline passed and its outcome was given: whatever it still does counts no more. */
  abandoned = false;
  readonly #source: ContentSource;
  #content: AssetContent | undefined;
  #controller: AbortController | undefined;
  #aborted: unknown;

  constructor(index: number, asset: Asset, source: ContentSource, startedMs: number, fileType = asset.fileType) {
    this.#source = source;
    this.index = index;
    this.asset = asset;
    this.path = asset.path;
    this.fileType = fileType;
    this.tryStartedMs = startedMs;
  }

  /** Made when a handler first reads: some never do. */
  get content(): AssetContent {
    this.#content ??= new AssetContent(this.path, this.#source);
    return this.#content;
  }

  /** Hash of the content that was read to its end; null where none was. */
  get contentHash(): string | null {
    return this.#content?.hash ?? null;
  }

  /** What the content was read as; see `AssetContent.seen`. */
  get contentRead(): string | null | undefined {
    return this.#content?.seen;
  }

  /** Made when a handler first looks: most never do. */
  get signal(): AbortSignal {
    if (!this.#controller) {
      this.#controller = new AbortController();
      if (this.#aborted !== undefined) this.#controller.abort(this.#aborted);
    }
    return this.#controller.signal;
  }

  get aborted(): boolean {
    return this.#aborted !== undefined;
  }

  abort(reason: Error): void {
    if (this.aborted) return;
    this.#aborted = reason;
    this.#controller?.abort(reason);
  }
}
