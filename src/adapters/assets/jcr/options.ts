import { invalidParameter } from "../../../core/errors.js";
import { normalisePath } from "../../../core/asset/path.js";

const DIALECTS = ["davex", "sling"] as const;
export type DialectName = (typeof DIALECTS)[number];

export interface JcrOptions {
  /** URL of the server, with its context path if any, without credentials. */
  readonly url: string;
  readonly user?: string;
  readonly password?: string;
  /** Bearer token, sent instead of user and password. */
  readonly token?: string;
  /** Protocol to use. @defaultValue detected, DavEx first */
  readonly dialect?: DialectName;
  /** A node that always exists and that the user may read; multi-reads and writes are addressed to it. @defaultValue `/`, else `/content` */
  readonly root?: string;
  /** Node below which results about plain files (nt:file) are stored. @defaultValue `/var/assetmill` */
  readonly status?: string;
  /** Concurrent requests at most; fewer while the server is slow or asks for it. @defaultValue 8 */
  readonly connections?: number;
  /** Names of one folder held in memory; a larger folder is listed again for each further batch. @defaultValue 20,000 */
  readonly namesAtOnce?: number;
  /** Timeout for the start of a response, and between its pieces. @defaultValue 60 s */
  readonly timeoutMs?: number;
  /** Timeout for opening a connection. @defaultValue 10 s */
  readonly connectTimeoutMs?: number;
  /** Tries of a repeatable request before the server counts as unavailable. @defaultValue 3 */
  readonly tries?: number;
}

const JCR_DEFAULTS = Object.freeze({
  status: "/var/assetmill",
  connections: 8,
  namesAtOnce: 20_000,
  timeoutMs: 60_000,
  connectTimeoutMs: 10_000,
  tries: 3,
});

export interface ResolvedJcrOptions extends Required<
  Omit<JcrOptions, "url" | "user" | "password" | "token" | "dialect" | "root">
> {
  readonly origin: string;
  /** The context path without a trailing `/`; "" if there is none. */
  readonly base: string;
  /** Value of the Authorization header; undefined for anonymous access. */
  readonly authorization: string | undefined;
  readonly dialect: DialectName | undefined;
  readonly root: string | undefined;
}

/** Resolves the options. Throws INVALID_PARAMETER naming the option, and never shows a password. */
export function resolveJcrOptions(options: JcrOptions): ResolvedJcrOptions {
  const { url, user, password, token, dialect, root, ...rest } = options;
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (!parsed || !/^https?:$/.test(parsed.protocol))
    throw invalidParameter("assets", "must be jcr+http://HOST[/CONTEXT] or jcr+https://HOST[/CONTEXT]");
  if (parsed.username || parsed.password)
    throw invalidParameter("assets", "must not contain credentials; give them as user and password");
  if (dialect !== undefined && !DIALECTS.includes(dialect)) {
    throw invalidParameter("dialect", `must be ${DIALECTS.join(" or ")}`);
  }
  const resolved = { ...JCR_DEFAULTS, ...defined(rest) };
  for (const name of ["connections", "namesAtOnce", "timeoutMs", "connectTimeoutMs", "tries"] as const) {
    if (!Number.isInteger(resolved[name]) || resolved[name] < 1)
      throw invalidParameter(name, `must be a whole number of at least 1, not ${resolved[name]}`);
  }
  return {
    ...resolved,
    status: normalisePath(resolved.status, "status"),
    origin: parsed.origin,
    base: parsed.pathname.replace(/\/+$/, ""),
    authorization: authorizationOf(user, password, token),
    dialect,
    root: root === undefined ? undefined : normalisePath(root, "root"),
  };
}

const defined = <T extends object>(options: T): T =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as T;

function authorizationOf(user?: string, password = "", token?: string): string | undefined {
  if (token !== undefined) return `Bearer ${token}`;
  return user === undefined ? undefined : `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
}

/** Returns the identity that jobs are bound to: neither user nor protocol is part of it. */
export const jcrIdentity = ({ origin, base }: ResolvedJcrOptions): string => `jcr+${origin}${base}`;
