import type { Context, MiddlewareHandler, Next } from "hono";
import { type ClientRateLimitInfo, rateLimiter, type Store } from "hono-rate-limiter";
import { LRUCache } from "lru-cache";
import { AssetmillError } from "../core/errors.js";
import type { KnownCallers } from "./known-callers.js";
import type { AppEnv } from "./middleware.js";
import { remoteAddress } from "./remote-address.js";
import { TooManyRequests } from "./too-many-requests.js";

/** Limits how often something may happen. */
export interface RateLimit {
  /** Length of the window; counts reset after it. */
  readonly windowMs: number;
  /** How often in a window. */
  readonly limit: number;
}

const MAX_CALLERS = 100_000;

/**
 * Limits failed logins per remote address. Runs before authentication. Does not limit known callers: an address may be
 * shared with whoever guesses. With a quick authenticator, every caller is checked, and wrong credentials are refused as
 * too many only afterwards.
 */
export function failedLoginLimit(
  options: RateLimit,
  { proxies, known, quick = false }: { proxies: number; known: KnownCallers; quick?: boolean },
): MiddlewareHandler<AppEnv> {
  const refusing = common(options, "too many failed logins from this address");
  const checking = async (c: Context<AppEnv>, next: Next): Promise<void> => {
    await next();
    if (isRefused(c)) refusing.handler(c);
  };
  return rateLimiter<AppEnv>({
    ...refusing,
    // eslint-disable-next-line @typescript-eslint/no-misused-promises -- the library awaits what its handler returns
    ...(quick ? { handler: checking } : {}),
    standardHeaders: false,
    keyGenerator: (c) => remoteAddress(c, proxies) ?? "",
    // Without a socket all callers would share one count, and any of them could lock out the others.
    skip: (c) => remoteAddress(c, proxies) === undefined || known.has(c.req),
    skipSuccessfulRequests: true,
    // Many clients send credentials only once they were asked for them: that is no failed login.
    requestWasSuccessful: (c) => !isRefused(c) || known.isBare(c.req),
  });
}

const isRefused = ({ error }: Context): boolean => AssetmillError.is(error) && error.code === "UNAUTHENTICATED";

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
    handler: (c: Context): never => {
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
