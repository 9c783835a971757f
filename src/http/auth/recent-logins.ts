import { LRUCache } from "lru-cache";

const FAILURES_MS = 10 * 60_000;
const FAMILIAR_MS = 24 * 60 * 60_000;
const MAX_ADDRESSES = 10_000;

/** Who asks to be checked. */
export class Claimant {
  /** The name given; undefined if the credentials hold none. */
  readonly name: string | undefined;
  readonly byAddress: string;
  readonly byNameAndAddress: string;

  /** `address`: where the request comes from; undefined if that is not known. */
  constructor(name: string | undefined, address: string | undefined) {
    this.name = name;
    this.byAddress = JSON.stringify([address ?? null]);
    this.byNameAndAddress = JSON.stringify([address ?? null, name ?? null]);
  }
}

/**
 * Remembers, within bounds, which addresses failed to log in during the last ten minutes, and from where names logged in
 * during the last day.
 */
export class RecentLogins {
  readonly #failures = new LRUCache<string, number>({ max: 2 * MAX_ADDRESSES, ttl: FAILURES_MS });
  readonly #familiar = new LRUCache<string, true>({ max: MAX_ADDRESSES, ttl: FAMILIAR_MS });

  failed({ byAddress, byNameAndAddress }: Claimant): void {
    for (const key of [byAddress, byNameAndAddress]) this.#failures.set(key, (this.#failures.get(key) ?? 0) + 1);
  }

  succeeded({ byNameAndAddress }: Claimant): void {
    this.#familiar.set(byNameAndAddress, true);
  }

  /**
   * Returns how suspicious a claimant is: 0 from an address without failures, one more each time these double, 6 at most.
   * If this name has logged in from this address, only failures with the name count, and it starts at -1. Failures with a
   * name from elsewhere never count: they would lock its owner out.
   */
  suspicionOf({ byAddress, byNameAndAddress }: Claimant): number {
    const familiar = this.#familiar.has(byNameAndAddress);
    const failures = this.#failures.get(familiar ? byNameAndAddress : byAddress) ?? 0;
    return Math.min(6, Math.ceil(Math.log2(1 + failures))) - (familiar ? 1 : 0);
  }
}
