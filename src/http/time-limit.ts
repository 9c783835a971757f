import { AssetmillError } from "../core/errors.js";

/**
 * The time that one request may take. The client and the server each have the whole limit: one for sending the body, the
 * other for answering, so that a slow client is never reported as a slow store.
 */
export class TimeLimit {
  readonly #ms: number;
  #timer: NodeJS.Timeout | undefined;
  #expire: ((error: AssetmillError) => void) | undefined;

  constructor(ms: number) {
    this.#ms = ms;
  }

  /** Returns what `work` returns. Rejects with UNAVAILABLE if it takes too long. */
  async answering<T>(work: Promise<T>): Promise<T> {
    const expired = new Promise<never>((_, reject) => {
      this.#expire = reject;
    });
    this.#begin(() => new AssetmillError("UNAVAILABLE", `no response within ${this.#ms} ms`));
    try {
      return await Promise.race([work, expired]);
    } finally {
      clearTimeout(this.#timer);
      this.#expire = undefined;
    }
  }

  /** Reads the body with `read`. If the client takes too long to send it, the request ends with REQUEST_TIMEOUT. */
  async receiving<T>(read: () => Promise<T>): Promise<T> {
    this.#begin(() => new AssetmillError("REQUEST_TIMEOUT", `the body did not arrive within ${this.#ms} ms`));
    const body = await read();
    this.#begin(() => new AssetmillError("UNAVAILABLE", `no response within ${this.#ms} ms`));
    return body;
  }

  #begin(error: () => AssetmillError): void {
    clearTimeout(this.#timer);
    const expire = this.#expire;
    if (expire) this.#timer = setTimeout(() => expire(error()), this.#ms);
  }
}
