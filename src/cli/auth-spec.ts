import { readFile } from "node:fs/promises";
import path from "node:path";
import { invalidParameter, messageOf } from "../core/errors.js";
import { suggestion } from "../core/operator/unknown-name.js";
import {
  type Authenticator,
  BasicAuthenticator,
  JwtAuthenticator,
  type JwtOptions,
  OpenAuthenticator,
  type AccessPolicy,
  ServerAccessPolicy,
  ServerAuthenticator,
} from "../http/index.js";

/** What `--auth` selects. */
export interface Auth {
  /** Undefined: callers need a token that is generated at the start. */
  readonly authenticator?: Authenticator;
  /** Undefined: every authenticated caller may do everything. */
  readonly accessPolicy?: AccessPolicy;
  /** Whether the server may listen on loopback only. */
  readonly loopbackOnly: boolean;
}

const FORMS = "token, none, basic:FILE, jwt:FILE, server, server:URL";
const JWT_FIELDS = ["secretFile", "jwks", "issuer", "audience", "algorithms"];

/**
 * Parses `--auth`. `server` authenticates and authorizes callers through the JCR server of `--assets`. Secrets are read from
 * files, never from the command line. Throws INVALID_PARAMETER naming `auth`.
 */
export async function parseAuth(spec: string, assets = ""): Promise<Auth> {
  const [, kind = spec, rest = ""] = /^([a-z]+):(.+)$/s.exec(spec) ?? [];
  try {
    if (spec === "token") return { loopbackOnly: true };
    if (spec === "server") return ofAssets(assets);
    if (spec === "none") return { authenticator: new OpenAuthenticator(), loopbackOnly: true };
    if (kind === "basic" && rest) return { authenticator: await BasicAuthenticator.ofFile(rest), loopbackOnly: false };
    if (kind === "jwt" && rest) return { authenticator: await jwtOf(rest), loopbackOnly: false };
    if (kind === "server" && rest)
      return { authenticator: new ServerAuthenticator({ url: rest }), loopbackOnly: false };
  } catch (error) {
    throw invalidParameter("auth", `${kind}: ${messageOf(error)}`);
  }
  throw invalidParameter("auth", `unknown value ${JSON.stringify(spec)}; expected one of ${FORMS}`);
}

/** Callers are authenticated by the assets' own server, and may do what it permits. */
function ofAssets(assets: string): Auth {
  const address = /^jcr\+(https?:\/\/.*)$/s.exec(assets)?.[1];
  const url = address !== undefined && URL.canParse(address) ? new URL(address) : undefined;
  if (!url) throw new Error("--assets is not on a JCR server that could authenticate callers; give server:URL");
  const authenticator = new ServerAuthenticator({ url: `${url.origin}${url.pathname}` });
  return { authenticator, accessPolicy: new ServerAccessPolicy({ authenticator }), loopbackOnly: false };
}

/** Reads `{ "secretFile" or "jwks", "issuer", "audience", "algorithms" }`; `secretFile` is relative to this file's folder. */
async function jwtOf(file: string): Promise<JwtAuthenticator> {
  const parsed = jsonOf(await readFile(file, "utf8"));
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) {
    throw new Error(`${file} must contain one JSON object`);
  }
  const unknown = Object.keys(parsed).find((name) => !JWT_FIELDS.includes(name));
  if (unknown !== undefined) {
    const why = `unknown field "${unknown}"${suggestion(unknown, JWT_FIELDS)}`;
    throw new Error(`${file}: ${why}; expected ${JWT_FIELDS.join(", ")}`);
  }
  const { secretFile, ...options } = parsed as { secretFile?: unknown } & Record<string, unknown>;
  if ((secretFile === undefined) === (options.jwks === undefined)) {
    throw new Error(`${file} must have either secretFile or jwks`);
  }
  if (secretFile === undefined) return new JwtAuthenticator(options as unknown as JwtOptions);
  if (typeof secretFile !== "string") throw new Error(`${file}: secretFile must be a file name`);
  const secret = (await readFile(path.resolve(path.dirname(file), secretFile), "utf8")).replace(/\r?\n$/, "");
  return new JwtAuthenticator({ ...options, secret } as unknown as JwtOptions);
}

/** Undefined if the text is not JSON. The parser's message is dropped: it may quote the file, which may hold a secret. */
function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
