import { LRUCache } from "lru-cache";
import { ProvenCredentials } from "./proven-credentials.js";

/** What `verify` is told about the credentials that it is to verify. */
export interface Claim {
  /** What they are remembered by: equal for equal credentials. */
  readonly key: string;
  /** Whether they were right lately: the cache entry has expired, but the caller is no stranger. */
  readonly known: boolean;
}

export interface CredentialCacheOptions {
  /** Entries kept; the least recently used one goes first. */
  readonly max: number;
  readonly ttlMs: number;
  /** Called with a claim's key if its caller asks again while `verify` is still at it. @defaultValue nothing */
  readonly onRepeat?: (key: string) => void;
}

/**
 * Caches what credentials were verified as, so that polling does not verify them each time. Holds no secret: entries are
 * keyed by a hash under a key of this process. Failures are never cached, so an attacker cannot evict good entries.
 */
export class CredentialCache<Verified extends object> {
  readonly #proven = new ProvenCredentials();
  readonly #verified: LRUCache<string, Verified>;
  readonly #pending = new Map<string, Promise<Verified | undefined>>();
  readonly #onRepeat: (key: string) => void;

  constructor({ max, ttlMs, onRepeat = () => {} }: CredentialCacheOptions) {
    this.#verified = new LRUCache({ max, ttl: ttlMs });
    this.#onRepeat = onRepeat;
  }

  /** Returns the cached result for these credentials, or calls `verify`. Concurrent calls share one verification. */
  async get(
    credentials: readonly string[],
    verify: (claim: Claim) => Promise<Verified | undefined>,
  ): Promise<Verified | undefined> {
    const key = this.#proven.keyOf(credentials);
    const kept = this.#verified.get(key);
    if (kept) return kept;
    const pending = this.#pending.get(key);
    if (pending) {
      this.#onRepeat(key);
      return pending;
    }
    const verifying = verify({ key, known: this.#proven.has(key) });
    this.#pending.set(key, verifying);
    try {
      const verified = await verifying;
      if (verified) {
        this.#verified.set(key, verified);
        this.#proven.add(key);
      } else this.#proven.delete(key);
      return verified;
    } finally {
      this.#pending.delete(key);
    }
  }
}
