import { invalidParameter } from "../core/errors.js";
import { DEFAULTS } from "../http/index.js";

/** Returns the base URL of a server's API: `--server` as given, with the default path if it has none. */
export function apiUrlOf(server: string): string {
  const url = URL.canParse(server) ? new URL(server) : undefined;
  if (url?.protocol !== "http:" && url?.protocol !== "https:") {
    throw invalidParameter("server", "must be a URL such as http://127.0.0.1:4599");
  }
  // The message does not repeat the URL: it may hold a secret.
  if (url.username !== "" || url.password !== "") {
    throw invalidParameter("server", "must not contain credentials; give them with --token");
  }
  if (url.search !== "" || url.hash !== "") throw invalidParameter("server", "must not have a query or a fragment");
  const path = url.pathname.replace(/\/+$/, "");
  return `${url.origin}${path === "" ? DEFAULTS.basePath : path}`;
}

/** Returns the Authorization header: Basic if the token is `name:password`, else Bearer. Errors never contain the token. */
export function authorizationOf(token: string): string {
  if (token.includes(":")) {
    if (/[\u0000-\u001f\u007f]/.test(token)) throw invalidParameter("token", "must not contain control characters");
    return `Basic ${Buffer.from(token, "utf8").toString("base64")}`;
  }
  // RFC 6750, 2.1
  if (/^[A-Za-z0-9._~+/-]+=*$/.test(token)) return `Bearer ${token}`;
  throw invalidParameter("token", "must be a bearer token or name:password");
}
