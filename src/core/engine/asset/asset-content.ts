import type { Asset } from "../../asset/asset.js";
import { decodeText } from "../../asset/decode-text.js";
import { AssetmillError } from "../../errors.js";
import type { ReadableAssets } from "../../ports/asset-repository.js";
import type { CreateDigest } from "../../ports/digest.js";
import type { TimeSlice } from "../chunk/time-slice.js";
import type { ContentRoom } from "./content-room.js";

/**
 * Concatenates all pieces, in one piece of memory if they are as large as `expected`; calls `onPiece` with each, which
 * spreads the cost of hashing. Throws READ_FAILED, with the size that `sizeOf` returns, if they are larger than
 * `maxBytes`.
 */
export async function collect(
  pieces: AsyncIterable<Uint8Array>,
  path: string,
  maxBytes: number,
  sizeOf: () => number | undefined | Promise<number | undefined> = () => undefined,
  onPiece: (piece: Uint8Array) => void = () => {},
  expected = 0,
): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let buffer: Uint8Array | undefined;
  let length = 0;
  for await (const piece of pieces) {
    const before = length;
    length += piece.length;
    if (length > maxBytes) throw tooLarge(path, await sizeOf(), maxBytes);
    onPiece(piece);
    if (before === 0 && piece.length < expected) buffer = new Uint8Array(expected);
    if (buffer && length <= expected) buffer.set(piece, before);
    else {
      if (buffer) parts.push(buffer.subarray(0, before));
      buffer = undefined;
      parts.push(piece);
    }
  }
  if (buffer) return buffer.subarray(0, length);
  if (parts.length === 1 && parts[0]) return parts[0];
  const whole = new Uint8Array(length);
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

function tooLarge(path: string, sizeBytes: number | undefined, maxBytes: number): AssetmillError {
  // A size from the listing may be outdated.
  const size = sizeBytes !== undefined && sizeBytes > maxBytes ? ` of ${inBytes(sizeBytes)}` : "";
  const message = `the content${size} exceeds the limit of ${inBytes(maxBytes)} for content that is read as a whole`;
  return new AssetmillError("READ_FAILED", message, { ids: { path } });
}

const MIB = 1024 * 1024;

const inBytes = (bytes: number): string => `${bytes} bytes${bytes < MIB ? "" : ` (${(bytes / MIB).toFixed(1)} MiB)`}`;

/** Where content is read from, and how. */
export interface ContentSource {
  readonly repository: Pick<ReadableAssets, "read" | "readNow">;
  readonly createDigest: CreateDigest;
  readonly maxBytes: number;
  /** Yields to the event loop now and then. @defaultValue never */
  readonly slice?: Pick<TimeSlice, "pass">;
  /** Limits what all assets hold together. @defaultValue no limit */
  readonly room?: ContentRoom;
}

/** Content up to this size is kept for further readers once it is decoded, or when it was read only to be compared. */
const MAX_KEPT_BYTES = 1024 * 1024;

/** Waits, if need be, until there is room for so many bytes of content. */
export type MakeRoom = (bytes: number, signal: AbortSignal) => Promise<void> | undefined;

/** One asset's content, shared by all its handlers. Read at most once as a whole, and hashed while reading. */
export class AssetContent {
  /** Hash of the content; null if it was not read completely, or if two reads differed. */
  hash: string | null = null;
  /** What decoding the text warned about. */
  textWarning: string | undefined;
  #changed = false;
  #begun = false;
  #bytes: Promise<Uint8Array> | undefined;
  readonly #path: string;
  readonly #sizeBytes: number;
  readonly #source: ContentSource;
  readonly #makeRoom: MakeRoom;

  /** @param makeRoom called before the whole content is read into memory */
  constructor(
    { path, sizeBytes }: Pick<Asset, "path" | "sizeBytes">,
    source: ContentSource,
    makeRoom: MakeRoom = () => undefined,
  ) {
    this.#path = path;
    this.#sizeBytes = sizeBytes;
    this.#source = source;
    this.#makeRoom = makeRoom;
  }

  /** The hash; null if two reads differed or none was complete, undefined if nothing was read. */
  get seen(): string | null | undefined {
    return this.hash ?? (this.#begun ? null : undefined);
  }

  /** Reads the whole content for its hash. Keeps it for the handlers unless it is too large for that. */
  async readWhole(sizeBytes: number, signal: AbortSignal): Promise<void> {
    if (sizeBytes <= Math.min(MAX_KEPT_BYTES, this.#source.maxBytes)) await this.bytes(signal);
    else for await (const _ of this.stream(signal));
  }

  bytes(signal: AbortSignal): Promise<Uint8Array> {
    // Forgets a failed read, so that the next try reads again.
    this.#bytes ??= this.#read(signal).catch((error: unknown) => {
      this.#bytes = undefined;
      throw error;
    });
    return this.#bytes;
  }

  /** Forgets the content, but not its hash: whoever wants it reads it again. */
  forget(): void {
    this.#bytes = undefined;
  }

  async text(signal: AbortSignal): Promise<string> {
    const bytes = await this.bytes(signal);
    // Contents arrive together, and what handlers do with a text is often the most of their work.
    await this.#source.slice?.pass();
    const { text, warning } = decodeText(bytes, this.#path);
    this.textWarning = warning;
    // Few want both, and the text takes as much again.
    if (bytes.length > MAX_KEPT_BYTES) this.forget();
    return text;
  }

  async *stream(signal: AbortSignal): AsyncIterable<Uint8Array> {
    this.#begun = true;
    const digest = this.#source.createDigest();
    for await (const piece of this.#source.repository.read(this.#path, signal)) {
      digest.update(piece);
      yield piece;
    }
    this.readAs(digest.finish());
  }

  async #read(signal: AbortSignal): Promise<Uint8Array> {
    this.#begun = true;
    const { repository, maxBytes } = this.#source;
    if (this.#sizeBytes > maxBytes) await this.#refuseIfTooLarge(signal);
    const room = this.#makeRoom(Math.min(this.#sizeBytes, maxBytes), signal);
    if (room) await room;
    const digest = this.#source.createDigest();
    const whole = repository.readNow?.(this.#path);
    if (whole && whole.length <= maxBytes) {
      digest.update(whole);
      this.readAs(digest.finish());
      return whole;
    }
    const pieces = repository.read(this.#path, signal);
    const onPiece = (piece: Uint8Array): void => digest.update(piece);
    const expected = Math.min(this.#sizeBytes, maxBytes);
    const bytes = await collect(pieces, this.#path, maxBytes, () => this.#sizeBytes, onPiece, expected);
    this.readAs(digest.finish());
    return bytes;
  }

  /** Reads content that was listed as too large without keeping it: it may be smaller now. */
  async #refuseIfTooLarge(signal: AbortSignal): Promise<void> {
    const { repository, maxBytes } = this.#source;
    let length = 0;
    for await (const piece of repository.read(this.#path, signal)) {
      length += piece.length;
      if (length > maxBytes) throw tooLarge(this.#path, this.#sizeBytes, maxBytes);
    }
  }

  /**
   * Records what a handler read; null if its own reads differed. If handlers read different contents, there is no hash.
   */
  readAs(hash: string | null): void {
    this.#begun = true;
    this.#changed ||= hash === null || (this.hash !== null && this.hash !== hash);
    this.hash = this.#changed ? null : hash;
  }
}
