import { invalidParameter } from "../core/errors.js";
import { DEFAULTS } from "../http/index.js";

/** The URL below which a server's API is: `--server`'s own path, or the usual one where it has none. */
export function apiUrlOf(server: string): string {
  const url = URL.canParse(server) ? new URL(server) : undefined;
  if (url?.protocol !== "http:" && url?.protocol !== "https:") {
    throw invalidParameter("server", "must be a URL such as http://127.0.0.1:4599");
  }
  // Not repeated in the message: it may hold a secret.
  if (url.username !== "" || url.password !== "") {
    throw invalidParameter("server", "must not hold credentials; give them with --token");
  }
  if (url.search !== "" || url.hash !== "") throw invalidParameter("server", "must end with its path");
  const path = url.pathname.replace(/\/+$/, "");
  return `${url.origin}${path === "" ? DEFAULTS.basePath : path}`;
}

/** What goes into the Authorization header: Bearer; Basic where the token is `name:password`. Never says the token. */
export function authorizationOf(token: string): string {
  if (token.includes(":")) {
    if (/[\u0000-\u001f\u007f]/.test(token)) throw invalidParameter("token", "must not hold control characters");
    return `Basic ${Buffer.from(token, "utf8").toString("base64")}`;
  }
  // RFC 6750, 2.1
  if (/^[A-Za-z0-9._~+/-]+=*$/.test(token)) return `Bearer ${token}`;
  throw invalidParameter("token", "is neither a bearer token nor name:password");
}
