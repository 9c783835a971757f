import type { Context, MiddlewareHandler } from "hono";
import { AssetmillError } from "../core/errors.js";
import type { Principal } from "../core/ports/authenticator.js";
import type { CsrfTokens } from "./auth/csrf-tokens.js";
import { authorizationOf } from "./auth/authorization.js";
import type { AppEnv } from "./middleware.js";

const SAFE_METHODS = new Set(["GET", "HEAD", "OPTIONS"]);

/**
 * Protects against cross-site request forgery. If a browser may have attached the credentials by itself, state-changing
 * requests from other sites are refused, and callers authenticated by a cookie also need a CSRF token. hono's own csrf()
 * cannot be used: it refuses form bodies of clients that are not browsers.
 */
export const csrfProtection =
  (tokens: CsrfTokens): MiddlewareHandler<AppEnv> =>
  async (c, next) => {
    if (!SAFE_METHODS.has(c.req.method)) {
      const { principal } = c.var;
      if (isSentByBrowser(c, principal) && isCrossSite(c)) {
        throw new AssetmillError("FORBIDDEN", "cross-site requests must not change anything");
      }
      if (authenticatedBy(c, principal) === "cookie" && !tokens.accepts(principal, c.req.header("csrf-token"))) {
        throw new AssetmillError("FORBIDDEN", "callers authenticated by a cookie need a valid CSRF-Token header");
      }
    }
    await next();
  };

const authenticatedBy = (c: Context, { by }: Principal): "header" | "cookie" =>
  by ?? (c.req.header("cookie") !== undefined && c.req.header("authorization") === undefined ? "cookie" : "header");

/** Browsers send cookies and Basic credentials by themselves; what a host's own authenticator uses is unknown. */
const isSentByBrowser = (c: Context, { by }: Principal): boolean =>
  by !== "header" || authorizationOf(c.req.header("authorization"))?.scheme === "basic";

/** Reads Sec-Fetch-Site, or Origin from old browsers. Other clients send neither. */
function isCrossSite(c: Context): boolean {
  const site = c.req.header("sec-fetch-site");
  if (site !== undefined) return site !== "same-origin" && site !== "none";
  const origin = c.req.header("origin");
  if (origin === undefined) return false;
  return !URL.canParse(origin) || new URL(origin).host !== new URL(c.req.url).host;
}
