import { createHash } from "node:crypto";
import type { IncomingAsset } from "../../../../core/ports/asset-sink.js";

/** Smaller content is held in memory and hashed before it is sent; larger content is hashed while it is streamed. */
const MAX_HELD_BYTES = 1024 * 1024;

/** An asset's incoming content, with its size and hashes once it was read. */
export class IncomingContent {
  readonly #incoming: IncomingAsset;
  readonly #signal: AbortSignal | undefined;
  #held: Buffer | undefined;
  #sha256 = "";
  #sha1 = "";
  #size = 0;

  constructor(incoming: IncomingAsset, signal: AbortSignal | undefined) {
    this.#incoming = incoming;
    this.#signal = signal;
  }

  /** `sha256:<hex>` */
  get contentHash(): string {
    return this.#sha256;
  }

  get sha1(): string {
    return this.#sha1;
  }

  get sizeBytes(): number {
    return this.#size;
  }

  /** Whether it is known to be empty. */
  get isEmpty(): boolean {
    return this.#held?.length === 0;
  }

  get isHeld(): boolean {
    return this.#held !== undefined;
  }

  /** Reads small content into memory, so that it can be sent together with others. */
  async hold(): Promise<void> {
    if (this.#incoming.asset.sizeBytes > MAX_HELD_BYTES || this.#held) return;
    const pieces: Uint8Array[] = [];
    for await (const piece of this.#read()) pieces.push(piece);
    this.#held = Buffer.concat(pieces);
  }

  /** Reads it only to hash it. */
  async hash(): Promise<void> {
    if (this.#held) return;
    for await (const _ of this.#read());
  }

  readonly binary = (): AsyncIterable<Uint8Array> => (this.#held ? once(this.#held) : this.#read());

  async *#read(): AsyncIterable<Uint8Array> {
    const [sha256, sha1] = [createHash("sha256"), createHash("sha1")];
    let size = 0;
    for await (const piece of this.#incoming.content(this.#signal)) {
      sha256.update(piece);
      sha1.update(piece);
      size += piece.length;
      yield piece;
    }
    this.#sha256 = `sha256:${sha256.digest("hex")}`;
    this.#sha1 = sha1.digest("hex");
    this.#size = size;
  }
}

async function* once(piece: Buffer): AsyncIterable<Uint8Array> {
  if (piece.length > 0) yield piece;
}
