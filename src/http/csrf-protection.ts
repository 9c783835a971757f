import type { Context, MiddlewareHandler } from "hono";
import { AssetmillError } from "../core/errors.js";
import type { Principal } from "../core/ports/authenticator.js";
import type { CsrfTokens } from "./auth/csrf-tokens.js";
import { authorizationOf } from "./auth/authorization.js";
import type { AppEnv } from "./middleware.js";

const HARMLESS = new Set(["GET", "HEAD", "OPTIONS"]);

/**
 * Against pages of other sites that use a browser's credentials without its user knowing. Callers whose credentials a
 * browser sends by itself change nothing from another site; with a cookie they need a CSRF token, too. It cannot be
 * hono's own csrf(): that refuses form bodies of clients that are no browsers.
 */
export const csrfProtection =
  (tokens: CsrfTokens): MiddlewareHandler<AppEnv> =>
  async (c, next) => {
    if (!HARMLESS.has(c.req.method)) {
      const { principal } = c.var;
      if (isSentByBrowser(c, principal) && isFromElsewhere(c)) {
        throw new AssetmillError("FORBIDDEN", "a page of another site may change nothing here");
      }
      if (provedBy(c, principal) === "cookie" && !tokens.accepts(principal, c.req.header("csrf-token"))) {
        throw new AssetmillError("FORBIDDEN", "a caller known by a cookie needs a valid CSRF-Token header");
      }
    }
    await next();
  };

const provedBy = (c: Context, { by }: Principal): "header" | "cookie" =>
  by ?? (c.req.header("cookie") !== undefined && c.req.header("authorization") === undefined ? "cookie" : "header");

/** Cookies are; a Basic password once typed is; and nobody knows what a host's own authenticator goes by. */
const isSentByBrowser = (c: Context, { by }: Principal): boolean =>
  by !== "header" || authorizationOf(c.req.header("authorization"))?.scheme === "basic";

/** What browsers say of the page that asks: Sec-Fetch-Site, or, in old ones, Origin. Other clients say neither. */
function isFromElsewhere(c: Context): boolean {
  const site = c.req.header("sec-fetch-site");
  if (site !== undefined) return site !== "same-origin" && site !== "none";
  const origin = c.req.header("origin");
  if (origin === undefined) return false;
  return !URL.canParse(origin) || new URL(origin).host !== new URL(c.req.url).host;
}
