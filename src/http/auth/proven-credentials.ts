import { createHmac, randomBytes } from "node:crypto";
import { LRUCache } from "lru-cache";

/** How long credentials that were right count as known, and how many: about 2 MiB. */
const KNOWN_MS = 24 * 60 * 60_000;
const MAX_KNOWN = 10_000;

/**
 * Remembers which credentials were right lately. That admits nobody, it only tells a known caller from a stranger: nobody
 * gets in here by guessing. Holds no secret: credentials are kept as a hash under a key of this process.
 */
export class ProvenCredentials {
  readonly #key = randomBytes(32);
  readonly #proven = new LRUCache<string, true>({ max: MAX_KNOWN, ttl: KNOWN_MS });

  /** Returns what these credentials are remembered by. Safe to keep. */
  keyOf(credentials: readonly (string | undefined)[]): string {
    return createHmac("sha256", this.#key)
      .update(JSON.stringify(credentials.map((part) => part ?? null)))
      .digest("base64");
  }

  has(key: string): boolean {
    return this.#proven.has(key);
  }

  add(key: string): void {
    this.#proven.set(key, true);
  }

  delete(key: string): void {
    this.#proven.delete(key);
  }
}
