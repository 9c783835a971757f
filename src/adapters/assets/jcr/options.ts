import { invalidParameter } from "../../../core/errors.js";
import { normalisePath } from "../../../core/asset/path.js";

export const DIALECTS = ["davex", "sling"] as const;
export type DialectName = (typeof DIALECTS)[number];

export interface JcrOptions {
  /** The server's address with its context path, if any; no credentials in it. */
  readonly url: string;
  readonly user?: string;
  readonly password?: string;
  /** Sent as Bearer instead of user and password. */
  readonly token?: string;
  /** @defaultValue what the server speaks, DavEx first */
  readonly dialect?: DialectName;
  /** A node that always exists and that the user may read; requests about other nodes go there. @defaultValue `/`, else `/content` */
  readonly root?: string;
  /** Where results about plain files live, which take none themselves. @defaultValue `/var/assetmill` */
  readonly status?: string;
  /** Requests at once; lowered while the server is slow or asks for it. @defaultValue 8 */
  readonly connections?: number;
  /** Names of one folder held at once; a larger folder is listed once for each so many. @defaultValue 20,000 */
  readonly namesAtOnce?: number;
  /** How long the server may take to begin an answer, and between its pieces. @defaultValue 60 s */
  readonly timeoutMs?: number;
  /** How long a connection may take. @defaultValue 10 s */
  readonly connectTimeoutMs?: number;
  /** Tries of a request that may be repeated, before the server counts as out of reach. @defaultValue 3 */
  readonly tries?: number;
}

export const JCR_DEFAULTS = Object.freeze({
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
  /** The context path, without a trailing `/`; "" where there is none. */
  readonly base: string;
  /** The header's value; undefined for an anonymous caller. */
  readonly authorization: string | undefined;
  readonly dialect: DialectName | undefined;
  readonly root: string | undefined;
}

/** Refuses what cannot be, naming the option; never shows a password. */
export function resolveJcrOptions(options: JcrOptions): ResolvedJcrOptions {
  const { url, user, password, token, dialect, root, ...rest } = options;
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (!parsed || !/^https?:$/.test(parsed.protocol))
    throw invalidParameter("assets", "must be jcr+http://… or jcr+https://…");
  if (parsed.username || parsed.password) throw invalidParameter("assets", "credentials belong in user and password");
  if (dialect !== undefined && !DIALECTS.includes(dialect)) {
    throw invalidParameter("dialect", `must be ${DIALECTS.join(" or ")}`);
  }
  const resolved = { ...JCR_DEFAULTS, ...defined(rest) };
  for (const name of ["connections", "namesAtOnce", "timeoutMs", "connectTimeoutMs", "tries"] as const) {
    if (!Number.isInteger(resolved[name]) || resolved[name] < 1)
      throw invalidParameter(name, "must be a whole number from 1 on");
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

/** What jobs are bound to: neither who asks nor how is part of it. */
export const jcrIdentity = ({ origin, base }: ResolvedJcrOptions): string => `jcr+${origin}${base}`;
