import { readFile } from "node:fs/promises";
import path from "node:path";
import { invalidParameter, messageOf } from "../core/errors.js";
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

/** What `--auth` asks for. */
export interface Auth {
  /** Undefined: a token, generated at start. */
  readonly authenticator?: Authenticator;
  /** Undefined: whoever is authenticated may do everything. */
  readonly accessPolicy?: AccessPolicy;
  /** True where only this machine may be let near. */
  readonly loopbackOnly: boolean;
}

const FORMS = "token, none, basic:FILE, jwt:FILE, server, server:URL";
const JWT_FIELDS = ["secretFile", "jwks", "issuer", "audience", "algorithms"];

/** `--auth` as an authenticator; `server` asks the JCR server of `--assets`, about rights too. Secrets stand in files, never on a command line. INVALID_PARAMETER naming `auth`. */
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
  throw invalidParameter("auth", `${spec} is not known; known are ${FORMS}`);
}

/** Callers are who the assets' own server says they are, and may do what it lets them do. */
function ofAssets(assets: string): Auth {
  const address = /^jcr\+(https?:\/\/.*)$/s.exec(assets)?.[1];
  const url = address !== undefined && URL.canParse(address) ? new URL(address) : undefined;
  if (!url) throw new Error("without a URL it asks the JCR server of --assets, and these are in none: give server:URL");
  const authenticator = new ServerAuthenticator({ url: `${url.origin}${url.pathname}` });
  return { authenticator, accessPolicy: new ServerAccessPolicy({ authenticator }), loopbackOnly: false };
}

/** `{ "secretFile" or "jwks", "issuer", "audience", "algorithms" }`; the secret's file is named from this file's folder. */
async function jwtOf(file: string): Promise<JwtAuthenticator> {
  const parsed = jsonOf(await readFile(file, "utf8"));
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) {
    throw new Error(`${file} must hold one JSON object`);
  }
  const unknown = Object.keys(parsed).find((name) => !JWT_FIELDS.includes(name));
  if (unknown !== undefined) throw new Error(`${file}: ${unknown} is not known; known are ${JWT_FIELDS.join(", ")}`);
  const { secretFile, ...options } = parsed as { secretFile?: unknown } & Record<string, unknown>;
  if ((secretFile === undefined) === (options.jwks === undefined)) {
    throw new Error(`${file} must have secretFile or jwks, and not both`);
  }
  if (secretFile === undefined) return new JwtAuthenticator(options as unknown as JwtOptions);
  if (typeof secretFile !== "string") throw new Error(`${file}: secretFile must be a file's name`);
  const secret = (await readFile(path.resolve(path.dirname(file), secretFile), "utf8")).replace(/\r?\n$/, "");
  return new JwtAuthenticator({ ...options, secret } as unknown as JwtOptions);
}

/** Undefined where it is none; the parser's own message may show what the file holds, which may be a secret. */
function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
