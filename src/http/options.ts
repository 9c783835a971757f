import { invalidParameter } from "../core/errors.js";
import { HISTORY_PAGE } from "../core/job/page-limits.js";
import type { AccessPolicy } from "../core/ports/access-policy.js";
import type { Authenticator } from "../core/ports/authenticator.js";
import type { RateLimit } from "./rate-limit.js";

/** "documented": only the statuses that the published pages name. "semantic": 404, 409, 403, 413, 415, 503 too. */
export type StatusCodes = "documented" | "semantic";

/** What `createApp` may be told. */
export interface HttpOptions {
  /** Asked before everything but the health checks. There is no default: who may call has to be decided. */
  readonly authenticator: Authenticator;
  /** What each principal may do where. @defaultValue everything everywhere */
  readonly accessPolicy?: AccessPolicy;
  /** @defaultValue "/bin/guides/v1/assets/process" */
  readonly basePath?: string;
  /** @defaultValue "documented" */
  readonly statusCodes?: StatusCodes;
  /** The largest request body taken. @defaultValue 1 MiB */
  readonly maxBodyBytes?: number;
  /** How long a request may take until it is answered with UNAVAILABLE. @defaultValue 30 s */
  readonly requestTimeoutMs?: number;
  /** @defaultValue none; a principal may ask as often as it likes */
  readonly rateLimit?: RateLimit;
  /** How many proxies of the operator's own stand in front: so many entries of X-Forwarded-For are believed. @defaultValue 0 */
  readonly trustProxy?: number;
  /** What CSRF tokens are signed with, 32 bytes or more; the same on every node. @defaultValue one made at the start */
  readonly csrfKey?: string | Uint8Array;
  /** Which names the `Host` header may have, without port or brackets. @defaultValue all */
  readonly allowedHosts?: (host: string) => boolean;
  /** True where requests can be served; false or a failure makes /readyz say "down". @defaultValue always true */
  readonly ready?: () => boolean | Promise<boolean>;
  /** What GET system/status answers. @defaultValue no database; its check passes where `ready` says so */
  readonly system?: () => Promise<SystemStatus>;
  /**
   * What the paths of the sibling endpoints begin with: `<siblingPath>/assets/status`, `<siblingPath>/system/status`.
   * @defaultValue the base path without its `/assets/process`; the base path itself where it does not end so
   */
  readonly siblingPath?: string;
  /** How many jobs a history shows that does not say. @defaultValue `HISTORY_PAGE.default` */
  readonly historyLimit?: number;
  /** How often a quiet stream of events shows that it lives. @defaultValue 15 s */
  readonly eventKeepAliveMs?: number;
  /** Streams of events open at once, each of which looks at the store twice a second; more are RATE_LIMITED. @defaultValue 200 */
  readonly maxEventStreams?: number;
  /** Gets every error whose details are kept from the caller (INTERNAL, UNAVAILABLE). @defaultValue none */
  readonly onError?: (error: unknown) => void;
}

/** Where assets live, and whether that can be reached. */
export interface SystemStatus {
  readonly isDatabase: boolean;
  readonly databaseConnectionCheck: "passed" | "failed";
}

type Defaulted =
  | "basePath"
  | "statusCodes"
  | "maxBodyBytes"
  | "requestTimeoutMs"
  | "trustProxy"
  | "allowedHosts"
  | "ready"
  | "historyLimit"
  | "eventKeepAliveMs"
  | "maxEventStreams"
  | "onError";

/** Options with nothing left open; `basePath` starts with a slash, and neither path ends with one. */
export type ResolvedHttpOptions = Required<Pick<HttpOptions, Defaulted | "siblingPath">> &
  Omit<HttpOptions, Defaulted | "siblingPath">;

export const DEFAULTS: Readonly<Required<Pick<HttpOptions, Defaulted>>> = Object.freeze({
  basePath: "/bin/guides/v1/assets/process",
  statusCodes: "documented",
  maxBodyBytes: 1024 * 1024,
  requestTimeoutMs: 30_000,
  trustProxy: 0,
  allowedHosts: () => true,
  ready: () => true,
  historyLimit: HISTORY_PAGE.default,
  eventKeepAliveMs: 15_000,
  maxEventStreams: 200,
  onError: () => {},
});

/** Fills in the defaults; names the option that cannot be taken. */
export function resolveOptions(options: HttpOptions): ResolvedHttpOptions {
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
  const resolved = { ...DEFAULTS, ...(given as unknown as HttpOptions) };
  // Plain segments only: ":", "*" and "{" would make patterns of them.
  if (!/^(\/[\w.~-]+)+\/?$/.test(resolved.basePath)) {
    throw invalidParameter("basePath", `must be an absolute path of plain segments; got "${resolved.basePath}"`);
  }
  const basePath = resolved.basePath.replace(/\/$/, "");
  const siblingPath = resolved.siblingPath ?? basePath.replace(/\/assets\/process$/, "");
  if (!/^(\/[\w.~-]+)*\/?$/.test(siblingPath)) {
    throw invalidParameter("siblingPath", `must be an absolute path of plain segments; got "${siblingPath}"`);
  }
  const { maxBodyBytes, requestTimeoutMs, trustProxy, rateLimit, historyLimit, eventKeepAliveMs, maxEventStreams } =
    resolved;
  atLeast(1, { maxBodyBytes, requestTimeoutMs, historyLimit, eventKeepAliveMs, maxEventStreams });
  atLeast(0, { trustProxy });
  if (rateLimit) atLeast(1, { "rateLimit.windowMs": rateLimit.windowMs, "rateLimit.limit": rateLimit.limit });
  if (historyLimit > HISTORY_PAGE.most)
    throw invalidParameter("historyLimit", `must be at most ${HISTORY_PAGE.most}; got ${historyLimit}`);
  return { ...resolved, basePath, siblingPath: siblingPath.replace(/\/$/, "") };
}

function atLeast(least: number, values: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(values)) {
    if (!Number.isSafeInteger(value) || value < least) {
      throw invalidParameter(name, `must be an integer from ${least} on; got ${value}`);
    }
  }
}
