import { invalidParameter } from "../core/errors.js";
import { HISTORY_PAGE } from "../core/job/page-limits.js";
import type { AccessPolicy } from "../core/ports/access-policy.js";
import type { Authenticator } from "../core/ports/authenticator.js";
import { type NamesOf, refuseUnknownOptions } from "../core/operator/unknown-name.js";
import { refuseWithoutMethods } from "../core/operator/option-kinds.js";
import type { RateLimit } from "./rate-limit.js";

/** "documented": only the status codes of the published API. "semantic": also 403, 404, 409, 413, 415 and 503. */
export type StatusCodes = "documented" | "semantic";

/** Options of `createApp`. */
export interface HttpOptions {
  /** Authenticates every request except health checks. There is no default: the host must decide who may call. */
  readonly authenticator: Authenticator;
  /** Decides what each principal may do on which paths. @defaultValue everything everywhere */
  readonly accessPolicy?: AccessPolicy;
  /** @defaultValue "/bin/guides/v1/assets/process" */
  readonly basePath?: string;
  /** @defaultValue "documented" */
  readonly statusCodes?: StatusCodes;
  /** Size limit of request bodies. @defaultValue 1 MiB */
  readonly maxBodyBytes?: number;
  /**
   * Time limit for receiving a request's body, after which the answer is REQUEST_TIMEOUT, and as much again for answering,
   * after which it is UNAVAILABLE. @defaultValue 30 s
   */
  readonly requestTimeoutMs?: number;
  /** Limits requests per principal. @defaultValue no limit */
  readonly rateLimit?: RateLimit;
  /**
   * Limits failed logins per address. Callers whose credentials were right within the last day are not limited for those of
   * others. @defaultValue `rateLimit`
   */
  readonly loginLimit?: RateLimit;
  /** Number of trusted proxies in front: this many entries of X-Forwarded-For are trusted. @defaultValue 0 */
  readonly trustProxy?: number;
  /** Key that signs CSRF tokens: at least 32 bytes, the same on every node. @defaultValue generated at the start */
  readonly csrfKey?: string | Uint8Array;
  /** Returns whether a name is allowed in the `Host` header; it is given without port or brackets. @defaultValue all are */
  readonly allowedHosts?: (host: string) => boolean;
  /** Whether requests can be served. False or an error makes /readyz report "down". @defaultValue always true */
  readonly ready?: () => boolean | Promise<boolean>;
  /** Provides the response of GET system/status. @defaultValue no database; the check passes if `ready` does */
  readonly system?: () => Promise<SystemStatus>;
  /**
   * Path prefix of the sibling endpoints: `<siblingPath>/assets/status`, `<siblingPath>/system/status`.
   * @defaultValue the base path without its `/assets/process` suffix, if it has one
   */
  readonly siblingPath?: string;
  /** Job types that can be started, for the OpenAPI document. @defaultValue the document allows any string */
  readonly jobTypes?: readonly string[];
  /** Jobs in a history response if the request gives no limit. @defaultValue `HISTORY_PAGE.default` */
  readonly historyLimit?: number;
  /** Interval of keep-alive comments on an idle event stream. @defaultValue 15 s */
  readonly eventKeepAliveMs?: number;
  /** Event streams open at once; further ones get RATE_LIMITED. Each queries the store twice a second. @defaultValue 200 */
  readonly maxEventStreams?: number;
  /** Receives errors whose details are hidden from the caller (INTERNAL, UNAVAILABLE). @defaultValue none */
  readonly onError?: (error: unknown) => void;
}

/** Whether assets live in a database, and whether it is reachable. */
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

/** Options with all defaults applied. `basePath` starts with a slash, and neither path ends with one. */
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

const NAMES: NamesOf<Required<HttpOptions>> = {
  authenticator: true,
  accessPolicy: true,
  basePath: true,
  statusCodes: true,
  maxBodyBytes: true,
  requestTimeoutMs: true,
  rateLimit: true,
  loginLimit: true,
  trustProxy: true,
  csrfKey: true,
  allowedHosts: true,
  ready: true,
  system: true,
  siblingPath: true,
  jobTypes: true,
  historyLimit: true,
  eventKeepAliveMs: true,
  maxEventStreams: true,
  onError: true,
};
const RATE_LIMIT: NamesOf<RateLimit> = { windowMs: true, limit: true };

/** Throws INVALID_PARAMETER for an unknown option, or one that lacks a method. `within`: the option that holds these. */
export function refuseUnknownHttpOptions(options: Partial<HttpOptions>, within = ""): void {
  refuseUnknownOptions(options, NAMES, within);
  const { rateLimit, loginLimit, authenticator, accessPolicy } = options;
  const fieldOf = (name: string): string => (within === "" ? name : `${within}.${name}`);
  if (authenticator !== undefined)
    refuseWithoutMethods(authenticator, fieldOf("authenticator"), "an Authenticator", ["authenticate"]);
  if (accessPolicy !== undefined)
    refuseWithoutMethods(accessPolicy, fieldOf("accessPolicy"), "an AccessPolicy", ["allows"]);
  for (const [name, limit] of Object.entries({ rateLimit, loginLimit }))
    if (limit !== undefined) refuseUnknownOptions(limit, RATE_LIMIT, fieldOf(name));
}

/** Applies the defaults. Throws INVALID_PARAMETER naming the invalid or unknown option. */
export function resolveOptions(options: HttpOptions): ResolvedHttpOptions {
  refuseUnknownHttpOptions(options);
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
  const resolved = { ...DEFAULTS, ...(given as unknown as HttpOptions) };
  // Plain segments only: ":", "*" and "{" would turn the path into a pattern.
  if (!/^(\/[\w.~-]+)+\/?$/.test(resolved.basePath)) {
    throw invalidParameter("basePath", `must be an absolute path of plain segments; got "${resolved.basePath}"`);
  }
  const basePath = resolved.basePath.replace(/\/$/, "");
  const siblingPath = resolved.siblingPath ?? basePath.replace(/\/assets\/process$/, "");
  if (!/^(\/[\w.~-]+)*\/?$/.test(siblingPath)) {
    throw invalidParameter("siblingPath", `must be an absolute path of plain segments; got "${siblingPath}"`);
  }
  const { maxBodyBytes, requestTimeoutMs, trustProxy, historyLimit, eventKeepAliveMs, maxEventStreams } = resolved;
  const { rateLimit, loginLimit } = resolved;
  atLeast(1, { maxBodyBytes, requestTimeoutMs, historyLimit, eventKeepAliveMs, maxEventStreams });
  atLeast(0, { trustProxy });
  for (const [name, limit] of Object.entries({ rateLimit, loginLimit }))
    if (limit) atLeast(1, { [`${name}.windowMs`]: limit.windowMs, [`${name}.limit`]: limit.limit });
  if (historyLimit > HISTORY_PAGE.most)
    throw invalidParameter("historyLimit", `must be at most ${HISTORY_PAGE.most}; got ${historyLimit}`);
  return { ...resolved, basePath, siblingPath: siblingPath.replace(/\/$/, "") };
}

function atLeast(least: number, values: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(values)) {
    if (!Number.isSafeInteger(value) || value < least) {
      throw invalidParameter(name, `must be an integer of at least ${least}; got ${value}`);
    }
  }
}
