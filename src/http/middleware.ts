import type { IncomingMessage } from "node:http";
import type { Context, MiddlewareHandler } from "hono";
import { AssetmillError, invalidParameter } from "../core/errors.js";
import type { AccessPolicy } from "../core/ports/access-policy.js";
import type { Authenticator, Principal } from "../core/ports/authenticator.js";
import type { JobOperator } from "../core/ports/job-operator.js";
import { AuthorizedOperator } from "./authorized-operator.js";
import type { KnownCallers } from "./known-callers.js";
import { hostnameOf } from "./loopback.js";
import { remoteAddress } from "./remote-address.js";
import { withSecurityHeaders } from "./security-headers.js";
import { TimeLimit } from "./time-limit.js";

/** What the middleware attaches to a request. */
export interface AppEnv {
  Variables: {
    principal: Principal;
    /** The driving port restricted to this caller; routes have no other. */
    operator: JobOperator;
    timeLimit: TimeLimit;
  };
}

/** Outermost middleware: sets security headers and wraps thrown values that are not Errors, which hono requires. */
export const securityHeaders: MiddlewareHandler<AppEnv> = async (c, next) => {
  try {
    await next();
  } catch (thrown) {
    throw thrown instanceof Error ? thrown : new Error("a value that is not an Error was thrown", { cause: thrown });
  }
  withSecurityHeaders(c.res);
};

/** Limits the time of each request. */
export const timeLimit =
  (ms: number): MiddlewareHandler<AppEnv> =>
  async (c, next) => {
    const limit = new TimeLimit(ms);
    c.set("timeLimit", limit);
    await limit.answering(next());
  };

/**
 * Checks the Host header, against DNS rebinding: another site's page whose name resolves to this server. A request over a
 * socket may lack the header (HTTP/1.0: load balancers check health so), because every browser sends it.
 */
export const hostCheck =
  (allowed: (host: string) => boolean): MiddlewareHandler<AppEnv> =>
  async (c, next) => {
    if (isHostless(c)) return next();
    const host = hostnameOf(c.req.header("host") ?? new URL(c.req.url).host);
    if (host === undefined || !allowed(host)) throw invalidParameter("Host", "does not name this server");
    await next();
  };

const isHostless = (c: Context): boolean => {
  const { incoming } = (c.env ?? {}) as { incoming?: IncomingMessage };
  return incoming?.url?.startsWith("/") === true && incoming.headers.host === undefined;
};

/** Refuses requests without valid credentials. `known` remembers whoever had some. */
export const authentication =
  (authenticator: Authenticator, known: KnownCallers, proxies: number): MiddlewareHandler<AppEnv> =>
  async (c, next) => {
    if (isRepeated(c, "authorization")) throw invalidParameter("Authorization", "must be given once");
    const header = known.watching((name) => c.req.header(name));
    const principal = await authenticator.authenticate({ header, address: remoteAddress(c, proxies) });
    if (!principal) {
      known.forget(c.req);
      throw new AssetmillError("UNAUTHENTICATED", "valid credentials are required");
    }
    known.remember(c.req);
    c.set("principal", principal);
    await next();
  };

/** Whether a header was sent more than once. Node passes on the first one, which a proxy may not have looked at. */
function isRepeated(c: Context<AppEnv>, name: string): boolean {
  const { incoming } = (c.env ?? {}) as { incoming?: { headersDistinct?: Record<string, unknown[] | undefined> } };
  return (incoming?.headersDistinct?.[name]?.length ?? 0) > 1;
}

/** Gives routes the driving port restricted to what the policy allows the caller. */
export const authorization =
  (operator: JobOperator, policy: AccessPolicy | undefined): MiddlewareHandler<AppEnv> =>
  async (c, next) => {
    if ((await policy?.admits?.(c.var.principal)) === false) {
      throw new AssetmillError("FORBIDDEN", `${c.var.principal.name} has no access to this server`);
    }
    c.set("operator", new AuthorizedOperator(operator, c.var.principal, policy));
    await next();
  };
