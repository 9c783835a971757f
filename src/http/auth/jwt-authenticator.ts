import { createRemoteJWKSet, errors, type JWTVerifyGetKey, type JWTVerifyOptions, jwtVerify } from "jose";
import { AssetmillError, invalidParameter } from "../../core/errors.js";
import type { Authenticator, Credentials, Principal } from "../../core/ports/authenticator.js";
import { isLoopback } from "../loopback.js";
import { authorizationOf, CHALLENGES } from "./authorization.js";
import { isPrincipalName } from "./principal-name.js";

/** What tokens have to be. */
export type JwtOptions = {
  /** The `iss` that a token must have. */
  readonly issuer: string;
  /** The `aud` that a token must have: the name of this service. */
  readonly audience: string;
} & (
  | {
      /** Shared with whoever signs; at least as long as the algorithm's hash: 32 bytes for HS256. */
      readonly secret: string | Uint8Array;
      /** Of HS256, HS384, HS512. @defaultValue ["HS256"] */
      readonly algorithms?: readonly string[];
    }
  | {
      /** Where the public keys are: https, or http on this machine. */
      readonly jwks: string;
      /** Of the asymmetric ones of JWA. @defaultValue ["RS256", "PS256", "ES256", "EdDSA"] */
      readonly algorithms?: readonly string[];
      /** How long fetching the keys may take. @defaultValue 5 s */
      readonly timeoutMs?: number;
    }
);

/** Which algorithms a kind of key can be used with: a public key must never be taken for a shared secret. */
const SYMMETRIC: Readonly<Record<string, number>> = { HS256: 32, HS384: 48, HS512: 64 };
const ASYMMETRIC = [
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
  "ES256",
  "ES384",
  "ES512",
  "EdDSA",
  "Ed25519",
];

/** Faults of the key set or the way to it; every other one is the token's. */
const UNREACHABLE = new Set(["ERR_JWKS_TIMEOUT", "ERR_JWKS_INVALID", "ERR_JOSE_GENERIC"]);

/** Clocks differ a little. */
const CLOCK_TOLERANCE_SECONDS = 5;

/**
 * Bearer tokens (RFC 7519). A token needs the issuer, the audience, an end (`exp`) and a subject, which is the principal's
 * name. The algorithms are those of the kind of key; a token that says `none`, or another, is refused.
 */
export class JwtAuthenticator implements Authenticator {
  readonly challenges: readonly string[] = [CHALLENGES.bearer];
  readonly #key: JWTVerifyGetKey;
  readonly #options: JWTVerifyOptions;

  /** Errors: INVALID_PARAMETER naming the option. */
  constructor(options: JwtOptions) {
    const { issuer, audience } = options;
    for (const [name, value] of Object.entries({ issuer, audience })) {
      if (typeof value !== "string" || value === "") throw invalidParameter(name, "is required");
    }
    const { key, algorithms } = "jwks" in options ? remoteKeys(options) : sharedSecret(options);
    this.#key = key;
    this.#options = {
      issuer,
      audience,
      algorithms: [...algorithms],
      requiredClaims: ["exp", "sub"],
      clockTolerance: CLOCK_TOLERANCE_SECONDS,
    };
  }

  async authenticate(credentials: Credentials): Promise<Principal | undefined> {
    const { scheme, value } = authorizationOf(credentials.header("authorization")) ?? {};
    if (scheme !== "bearer" || value === undefined) return undefined;
    try {
      const { payload } = await jwtVerify(value, this.#key, this.#options);
      return isPrincipalName(payload.sub) ? { name: payload.sub, by: "header" } : undefined;
    } catch (error) {
      if (error instanceof errors.JOSEError && !UNREACHABLE.has(error.code)) return undefined;
      throw new AssetmillError("UNAVAILABLE", "the keys that tokens are checked with cannot be had", { cause: error });
    }
  }
}

interface Keys {
  readonly key: JWTVerifyGetKey;
  readonly algorithms: readonly string[];
}

function sharedSecret({ secret, algorithms = ["HS256"] }: Extract<JwtOptions, { secret: unknown }>): Keys {
  const bytes = typeof secret === "string" ? new TextEncoder().encode(secret) : secret;
  if (!(bytes instanceof Uint8Array)) throw invalidParameter("secret", "secret or jwks is required");
  checkAlgorithms(algorithms, Object.keys(SYMMETRIC));
  const least = Math.max(...algorithms.map((algorithm) => SYMMETRIC[algorithm] ?? 0));
  if (bytes.byteLength < least) throw invalidParameter("secret", `must have ${least} bytes or more`);
  return { key: () => bytes, algorithms };
}

function remoteKeys(options: Extract<JwtOptions, { jwks: unknown }>): Keys {
  const { jwks, algorithms = ["RS256", "PS256", "ES256", "EdDSA"], timeoutMs = 5_000 } = options;
  checkAlgorithms(algorithms, ASYMMETRIC);
  const url = URL.canParse(jwks) ? new URL(jwks) : undefined;
  const local = url?.protocol === "http:" && isLoopback(url.hostname.replace(/^\[|\]$/g, ""));
  if (!url || (url.protocol !== "https:" && !local)) throw invalidParameter("jwks", "must be an https URL");
  return { key: createRemoteJWKSet(url, { timeoutDuration: timeoutMs }), algorithms };
}

function checkAlgorithms(algorithms: readonly string[], known: readonly string[]): void {
  if (algorithms.length > 0 && algorithms.every((algorithm) => known.includes(algorithm))) return;
  throw invalidParameter("algorithms", `must be of ${known.join(", ")} for this kind of key`);
}
