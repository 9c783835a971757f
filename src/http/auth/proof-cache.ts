import { createHmac, randomBytes } from "node:crypto";
import { LRUCache } from "lru-cache";

/**
 * What credentials proved a moment ago, so that polling costs no new proof each time. Holds no secret: entries are known
 * by a hash under a key that only this process has. Failures are never kept, so nobody can push good entries out.
 */
export class ProofCache<Proof extends object> {
  readonly #key = randomBytes(32);
  readonly #proved: LRUCache<string, Proof>;
  readonly #underWay = new Map<string, Promise<Proof | undefined>>();

  constructor({ max, ttlMs }: { readonly max: number; readonly ttlMs: number }) {
    this.#proved = new LRUCache({ max, ttl: ttlMs });
  }

  /** The proof kept for these credentials, or what `prove` finds; whoever asks meanwhile waits for the same one. */
  async get(credentials: readonly string[], prove: () => Promise<Proof | undefined>): Promise<Proof | undefined> {
    const key = createHmac("sha256", this.#key).update(JSON.stringify(credentials)).digest("base64");
    const kept = this.#proved.get(key);
    if (kept) return kept;
    const underWay = this.#underWay.get(key);
    if (underWay) return underWay;
    const proving = prove();
    this.#underWay.set(key, proving);
    try {
      const proof = await proving;
      if (proof) this.#proved.set(key, proof);
      return proof;
    } finally {
      this.#underWay.delete(key);
    }
  }
}
