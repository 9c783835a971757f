import type { Context, MiddlewareHandler } from "hono";
import { type ClientRateLimitInfo, rateLimiter, type Store } from "hono-rate-limiter";
import { LRUCache } from "lru-cache";
import { AssetmillError } from "../core/errors.js";
import type { AppEnv } from "./middleware.js";
import { remoteAddress } from "./remote-address.js";
import { TooManyRequests } from "./too-many-requests.js";

/** Limits how often a caller may call. */
export interface RateLimit {
  /** Length of the window; counts reset after it. */
  readonly windowMs: number;
  /** Requests per principal, and failed logins per address, in a window. */
  readonly limit: number;
}

const MAX_CALLERS = 100_000;

/** Limits failed logins per remote address. Runs before authentication. */
export const failedLoginLimit = (options: RateLimit, proxies: number): MiddlewareHandler<AppEnv> =>
  rateLimiter<AppEnv>({
    ...common(options, "too many failed logins from this address"),
    standardHeaders: false,
    keyGenerator: (c) => remoteAddress(c, proxies) ?? "",
    // Without a socket all callers would share one count, and any of them could lock out the others.
    skip: (c) => remoteAddress(c, proxies) === undefined,
    skipSuccessfulRequests: true,
    requestWasSuccessful: (c) => !(AssetmillError.is(c.error) && c.error.code === "UNAUTHENTICATED"),
  });

/** Limits requests per principal. */
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

/** Counts with bounded memory: the library's own store grows with every address an attacker uses. */
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
