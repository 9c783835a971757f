import type { Asset } from "../../asset/asset.js";
import type { FileType } from "../../asset/file-type.js";
import type { OtherAssets } from "../../asset/stamp.js";
import type { AssetHandler, HandlerReturn } from "../../ports/asset-handler.js";
import type { Digest } from "../../ports/digest.js";
import { AssetContent, type ContentSource } from "./asset-content.js";
import type { ContentHold } from "./content-room.js";

/** One asset while it is in flight. */
export class AssetTask {
  readonly index: number;
  /** Passed to the handlers. Even if they change it, `path` and `fileType` below stay. */
  readonly asset: Asset;
  readonly path: string;
  /** As listed, until its content is found to be larger. */
  sizeBytes: number;
  /** The type that discovery counted, even if the asset has changed since. */
  readonly fileType: FileType;
  /** When the current try began, on the worker's monotonic clock. Infinity between tries. */
  tryStartedMs: number;
  /** The highest number of tries that any handler needed so far, including the current one. */
  attempts = 1;
  /** The handler that accepted the asset last. It is not asked again before further tries. */
  acceptedBy: AssetHandler | undefined;
  /** Whether its deadline passed and its outcome was set. Whatever its handler still does is ignored. */
  abandoned = false;
  /** What the handler that accepted it has already answered in a thread: its first try. */
  answered: (() => HandlerReturn) | undefined;
  readonly #source: ContentSource;
  #content: AssetContent | undefined;
  #others: Record<string, boolean | string> | undefined;
  #controller: AbortController | undefined;
  #aborted: unknown;
  #learned = 0;
  #hold: ContentHold | undefined;
  #isOver = false;

  constructor(index: number, asset: Asset, source: ContentSource, startedMs: number, fileType = asset.fileType) {
    this.#source = source;
    this.index = index;
    this.asset = asset;
    this.path = asset.path;
    this.sizeBytes = asset.sizeBytes;
    this.fileType = fileType;
    this.tryStartedMs = startedMs;
  }

  /** Created when a handler first reads: some never do. */
  get content(): AssetContent {
    this.#content ??= new AssetContent({ path: this.path, sizeBytes: this.sizeBytes }, this.#source, (bytes) =>
      this.makeRoom(bytes),
    );
    return this.#content;
  }

  /**
   * Takes room for so many bytes of content; returns a promise if it has to wait for that. The wait does not count
   * towards the deadline. Rejects if the asset is told to stop.
   */
  makeRoom(bytes: number): Promise<void> | undefined {
    if (this.#isOver) return undefined;
    this.#hold ??= this.#source.room?.hold();
    const waiting = this.#hold?.take(bytes, () => this.signal);
    return waiting && this.#wait(waiting);
  }

  /** Gives up the room, and with it the content that this process keeps. What reads it again has to wait for room again. */
  giveUpRoom(): void {
    if (this.#hold?.isHeld) this.#content?.forget();
    this.#hold?.release();
  }

  async #wait(waiting: Promise<number>): Promise<void> {
    const startedMs = this.tryStartedMs;
    this.tryStartedMs = Number.POSITIVE_INFINITY;
    let waitedMs = 0;
    try {
      waitedMs = await waiting;
      // It was abandoned meanwhile, or its run has ended: nobody would give up the room.
      if (this.#isOver) this.giveUpRoom();
    } finally {
      this.tryStartedMs = startedMs + waitedMs;
    }
  }

  /** Ends the run: whatever its handlers still do gets no room. */
  end(): void {
    this.#isOver = true;
    this.giveUpRoom();
  }

  /** What handlers learned about other assets so far. */
  get others(): OtherAssets {
    return this.#others ?? NOTHING_LEARNED;
  }

  /**
   * Records an answer about another asset. The hash of its content says more than that it exists. After too many
   * answers, only remembers that: the asset will then count as changed.
   */
  learned(path: string, answer: boolean | string): void {
    this.#others ??= {};
    if (this.#learned > MAX_LEARNED) return;
    if (answer === true && typeof this.#others[path] === "string") return;
    this.#others[path] = answer;
    if (++this.#learned > MAX_LEARNED) this.#others = { [this.path]: UNREADABLE };
  }

  createDigest(): Digest {
    return this.#source.createDigest();
  }

  /** Hash of the content; null if it was not read completely. */
  get contentHash(): string | null {
    return this.#content?.hash ?? null;
  }

  /** The hash that was read; see `AssetContent.seen`. */
  get contentRead(): string | null | undefined {
    return this.#content?.seen;
  }

  /** What decoding the text warned about. */
  get textWarning(): string | undefined {
    return this.#content?.textWarning;
  }

  /** Created when a handler first asks for it: most never do. */
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

/**
 * Number of answers about other assets that a stamp may rest on. Each of them is looked up again to find the asset
 * unchanged.
 */
const MAX_LEARNED = 10_000;

/** Stands for a hash, and is equal to none. */
export const UNREADABLE = "unreadable";

/** Most handlers ask about no other asset: one object shared by all of them. */
export const NOTHING_LEARNED: OtherAssets = Object.freeze({});
