import type { Context, MiddlewareHandler } from "hono";
import { type ClientRateLimitInfo, rateLimiter, type Store } from "hono-rate-limiter";
import { LRUCache } from "lru-cache";
import { AssetmillError } from "../core/errors.js";
import type { AppEnv } from "./middleware.js";
import { remoteAddress } from "./remote-address.js";
import { TooManyRequests } from "./too-many-requests.js";

/** How often a caller may ask. */
export interface RateLimit {
  /** Counting begins anew after so long. */
  readonly windowMs: number;
  /** Requests of a principal, and failed logins from an address, in that time. */
  readonly limit: number;
}

const MAX_CALLERS = 100_000;

/** Counts failed logins by remote address, before anybody is asked who the caller is. */
export const failedLoginLimit = (options: RateLimit, proxies: number): MiddlewareHandler<AppEnv> =>
  rateLimiter<AppEnv>({
    ...common(options, "too many failed logins from this address"),
    standardHeaders: false,
    keyGenerator: (c) => remoteAddress(c, proxies) ?? "",
    // Without a socket everybody would be one caller, and any of them could lock out the others.
    skip: (c) => remoteAddress(c, proxies) === undefined,
    skipSuccessfulRequests: true,
    requestWasSuccessful: (c) => !(AssetmillError.is(c.error) && c.error.code === "UNAUTHENTICATED"),
  });

/** Counts requests by principal. */
export const requestLimit = (options: RateLimit): MiddlewareHandler<AppEnv> =>
  rateLimiter<AppEnv>({
    ...common(options, "too many requests"),
    standardHeaders: "draft-7",
    keyGenerator: (c) => c.var.principal.name,
  });

function common({ windowMs, limit }: RateLimit, message: string) {
  const store = new BoundedCounts(windowMs);
  return {
    windowMs,
    limit,
    store,
    requestPropertyName: "rateLimit",
    handler: (c: Context) => {
      const { resetTime } = c.get("rateLimit" as never) as ClientRateLimitInfo;
      throw new TooManyRequests(`${message}; try again later`, (resetTime?.getTime() ?? 0) - Date.now());
    },
  };
}

/** The library's own store forgets nobody within a window, however many addresses an attacker has. */
class BoundedCounts implements Store<AppEnv> {
  readonly #windowMs: number;
  readonly #counts: LRUCache<string, { totalHits: number; readonly resetTime: Date }>;

  constructor(windowMs: number) {
    this.#windowMs = windowMs;
    this.#counts = new LRUCache({ max: MAX_CALLERS, ttl: windowMs });
  }

  increment(key: string): ClientRateLimitInfo {
    const count = this.#counts.get(key) ?? this.#begin(key);
    count.totalHits++;
    return { ...count };
  }

  decrement(key: string): void {
    const count = this.#counts.get(key);
    if (count && count.totalHits > 0) count.totalHits--;
  }

  resetKey(key: string): void {
    this.#counts.delete(key);
  }

  #begin(key: string) {
    const count = { totalHits: 0, resetTime: new Date(Date.now() + this.#windowMs) };
    this.#counts.set(key, count);
    return count;
  }
}
