import { createHmac, randomBytes } from "node:crypto";
import { LRUCache } from "lru-cache";

/**
 * Caches what credentials were verified as, so that polling does not verify them each time. Holds no secret: entries are
 * keyed by a hash under a key of this process. Failures are never cached, so an attacker cannot evict good entries.
 */
export class CredentialCache<Verified extends object> {
  readonly #key = randomBytes(32);
  readonly #verified: LRUCache<string, Verified>;
  readonly #pending = new Map<string, Promise<Verified | undefined>>();

  constructor({ max, ttlMs }: { readonly max: number; readonly ttlMs: number }) {
    this.#verified = new LRUCache({ max, ttl: ttlMs });
  }

  /** Returns the cached result for these credentials, or calls `verify`. Concurrent calls share one verification. */
  async get(
    credentials: readonly string[],
    verify: () => Promise<Verified | undefined>,
  ): Promise<Verified | undefined> {
    const key = createHmac("sha256", this.#key).update(JSON.stringify(credentials)).digest("base64");
    const kept = this.#verified.get(key);
    if (kept) return kept;
    const pending = this.#pending.get(key);
    if (pending) return pending;
    const verifying = verify();
    this.#pending.set(key, verifying);
    try {
      const verified = await verifying;
      if (verified) this.#verified.set(key, verified);
      return verified;
    } finally {
      this.#pending.delete(key);
    }
  }
}
