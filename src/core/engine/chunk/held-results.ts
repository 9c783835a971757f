import type { ContentRoom } from "../asset/content-room.js";

/**
 * The large results of a chunk that are not yet committed. They take up room, so that large assets wait where results
 * are made faster than the store takes them.
 */
export class HeldResults {
  readonly #room: ContentRoom | undefined;
  #bytes = 0;
  #isOver = false;

  constructor(room: ContentRoom | undefined) {
    this.#room = room;
  }

  get bytes(): number {
    return this.#bytes;
  }

  add(bytes: number): void {
    if (bytes === 0 || this.#isOver) return;
    this.#bytes += bytes;
    this.#room?.occupy(bytes);
  }

  release(bytes: number): void {
    const released = Math.min(bytes, this.#bytes);
    this.#bytes -= released;
    if (released > 0) this.#room?.leave(released);
  }

  /** Releases all, and takes nothing more: nobody will commit it. */
  end(): void {
    this.#isOver = true;
    this.release(this.#bytes);
  }
}
