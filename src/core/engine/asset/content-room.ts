import type { Clock } from "../../ports/clock.js";

/** Content up to this size takes no room: all of it together is small, and small assets must not wait behind large ones. */
const SMALL_BYTES = 256 * 1024;

interface Waiting {
  readonly bytes: number;
  readonly enter: () => void;
}

/**
 * Limits the content that all assets in flight hold in memory together, and with it large results that are not yet
 * committed. Large content waits for room, in order: the next one enters when it fits, or when nothing else is held, so
 * that one larger than the whole room has its turn, too. No asset may wait for anything of another one while it holds
 * room.
 */
export class ContentRoom {
  readonly #clock: Pick<Clock, "monotonicMs">;
  readonly #most: number;
  #held = 0;
  readonly #waiting: Waiting[] = [];

  constructor(bytes: number, clock: Pick<Clock, "monotonicMs">) {
    this.#most = bytes;
    this.#clock = clock;
  }

  /** Makes the hold of one asset. It holds nothing yet. */
  hold(): ContentHold {
    return new ContentHold(this, this.#clock);
  }

  /**
   * Takes room at once if there is enough and nobody waits for it; else returns a promise, rejected when `signal` is
   * aborted.
   */
  enter(bytes: number, signal: AbortSignal): Promise<void> | undefined {
    if (this.#waiting.length === 0 && this.#fits(bytes)) {
      this.#held += bytes;
      return undefined;
    }
    return new Promise((entered, stopped) => {
      const leave = (): void => {
        const at = this.#waiting.indexOf(waiting);
        if (at < 0) return;
        this.#waiting.splice(at, 1);
        stopped(signal.reason as Error);
        this.#admit();
      };
      const waiting: Waiting = {
        bytes,
        enter: () => {
          signal.removeEventListener("abort", leave);
          entered();
        },
      };
      this.#waiting.push(waiting);
      if (signal.aborted) leave();
      else signal.addEventListener("abort", leave, { once: true });
    });
  }

  /** Takes room for what is there already, and cannot wait. */
  occupy(bytes: number): void {
    this.#held += bytes;
  }

  leave(bytes: number): void {
    this.#held -= bytes;
    this.#admit();
  }

  #fits(bytes: number): boolean {
    return this.#held === 0 || this.#held + bytes <= this.#most;
  }

  #admit(): void {
    for (let next = this.#waiting[0]; next && this.#fits(next.bytes); next = this.#waiting[0]) {
      this.#waiting.shift();
      this.#held += next.bytes;
      next.enter();
    }
  }
}

/** The room that one asset holds for its content. */
export class ContentHold {
  readonly #room: ContentRoom;
  readonly #clock: Pick<Clock, "monotonicMs">;
  #bytes = 0;
  #entering: Promise<number> | undefined;

  constructor(room: ContentRoom, clock: Pick<Clock, "monotonicMs">) {
    this.#room = room;
    this.#clock = clock;
  }

  /** Whether it holds room. */
  get isHeld(): boolean {
    return this.#bytes > 0;
  }

  /**
   * Takes room for content of this size, unless it is small or room is held already. Returns undefined if it need not
   * wait, else a promise of how long it waited, in milliseconds. Rejects with the signal's reason.
   */
  take(bytes: number, signal: () => AbortSignal): Promise<number> | undefined {
    if (this.isHeld || bytes <= SMALL_BYTES) return undefined;
    if (this.#entering) return this.#entering;
    const sinceMs = this.#clock.monotonicMs();
    const entered = this.#room.enter(bytes, signal());
    if (!entered) {
      this.#bytes = bytes;
      return undefined;
    }
    this.#entering = entered
      .then(() => {
        this.#bytes = bytes;
        return this.#clock.monotonicMs() - sinceMs;
      })
      .finally(() => {
        this.#entering = undefined;
      });
    return this.#entering;
  }

  /** Gives the room back, if any is held. */
  release(): void {
    const bytes = this.#bytes;
    this.#bytes = 0;
    if (bytes > 0) this.#room.leave(bytes);
  }
}
