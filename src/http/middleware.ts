import type { MiddlewareHandler } from "hono";
import { AssetmillError, invalidParameter } from "../core/errors.js";
import type { AccessPolicy } from "../core/ports/access-policy.js";
import type { Authenticator, Principal } from "../core/ports/authenticator.js";
import type { JobOperator } from "../core/ports/job-operator.js";
import { AuthorizedOperator } from "./authorized-operator.js";
import { hostnameOf } from "./loopback.js";
import { withSecurityHeaders } from "./security-headers.js";

/** What a request carries once it passed the guards. */
export interface AppEnv {
  Variables: {
    principal: Principal;
    /** The driving port as this caller may use it; routes have no other. */
    operator: JobOperator;
  };
}

/** The outermost guard: every answer is secured, and what is thrown is an Error (hono takes nothing else). */
export const securityHeaders: MiddlewareHandler<AppEnv> = async (c, next) => {
  try {
    await next();
  } catch (thrown) {
    throw thrown instanceof Error ? thrown : new Error("thrown, but not an Error", { cause: thrown });
  }
  withSecurityHeaders(c.res);
};

/** Against DNS rebinding: a page of another site that made its own name point here. */
export const hostCheck =
  (allowed: (host: string) => boolean): MiddlewareHandler<AppEnv> =>
  async (c, next) => {
    const host = hostnameOf(c.req.header("host") ?? new URL(c.req.url).host);
    if (host === undefined || !allowed(host)) throw invalidParameter("Host", "is not a name of this server");
    await next();
  };

/** Nobody passes without a principal. */
export const authentication =
  (authenticator: Authenticator): MiddlewareHandler<AppEnv> =>
  async (c, next) => {
    const principal = await authenticator.authenticate({ header: (name) => c.req.header(name) });
    if (!principal) throw new AssetmillError("UNAUTHENTICATED", "valid credentials are needed");
    c.set("principal", principal);
    await next();
  };

/** Whoever passes gets the driving port only as the policy allows it to them. */
export const authorization =
  (operator: JobOperator, policy: AccessPolicy | undefined): MiddlewareHandler<AppEnv> =>
  async (c, next) => {
    if ((await policy?.admits?.(c.var.principal)) === false) {
      throw new AssetmillError("FORBIDDEN", "this caller may do nothing here");
    }
    c.set("operator", new AuthorizedOperator(operator, c.var.principal, policy));
    await next();
  };
