import { type CryptoKey, errors, type JWTPayload, type JWTVerifyGetKey, type JWTVerifyOptions, jwtVerify } from "jose";
import { AssetmillError, invalidParameter, messageOf } from "../../core/errors.js";
import type { Authenticator, Credentials, Principal } from "../../core/ports/authenticator.js";
import { refuseUnknownOptions } from "../../core/operator/unknown-name.js";
import { isLoopback } from "../loopback.js";
import { authorizationOf, CHALLENGES } from "./authorization.js";
import { Outage } from "./outage.js";
import { isPrincipalName } from "./principal-name.js";
import { remoteKeys } from "./remote-keys.js";

/** Which tokens are accepted. */
export type JwtOptions = {
  /** Required `iss` claim. */
  readonly issuer: string;
  /** Required `aud` claim: the name of this service. */
  readonly audience: string;
} & (
  | {
      /** Secret shared with the issuer; at least as long as the algorithm's hash, e.g. 32 bytes for HS256. */
      readonly secret: string | Uint8Array;
      /** Any of HS256, HS384, HS512. @defaultValue ["HS256"] */
      readonly algorithms?: readonly string[];
    }
  | {
      /** URL of the key set: https, or http on a loopback address. */
      readonly jwks: string;
      /** Any of JWA's asymmetric algorithms. @defaultValue ["RS256", "PS256", "ES256", "EdDSA"] */
      readonly algorithms?: readonly string[];
      /** Time limit for fetching the keys. @defaultValue 5 s */
      readonly timeoutMs?: number;
    }
);

/** Algorithms by kind of key: a public key must never be used as a shared secret. */
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

const NAMES = { issuer: true, audience: true, secret: true, jwks: true, algorithms: true, timeoutMs: true } as const;

/** Allows for small differences between clocks. */
const CLOCK_TOLERANCE_SECONDS = 5;

/**
 * Authenticates Bearer tokens (RFC 7519). A token needs the expected issuer and audience, an expiry (`exp`) and a subject
 * (`sub`), which becomes the principal's name. Its algorithm must be one allowed for the kind of key; `none` never is. If
 * several keys of a set may have signed it, each is tried. Throws UNAVAILABLE while the key set cannot be fetched.
 */
export class JwtAuthenticator implements Authenticator {
  readonly challenges: readonly string[] = [CHALLENGES.bearer];
  readonly quick = true;
  readonly #key: JWTVerifyGetKey;
  readonly #options: JWTVerifyOptions;
  readonly #outage = new Outage(
    "UNAVAILABLE",
    "Tokens cannot be verified: the issuer's keys cannot be fetched or used. Try again later.",
  );

  /** Throws INVALID_PARAMETER naming the option. */
  constructor(options: JwtOptions) {
    refuseUnknownOptions(options, NAMES);
    const { issuer, audience } = options;
    for (const [name, value] of Object.entries({ issuer, audience })) {
      if (typeof value !== "string" || value === "") throw invalidParameter(name, "is required");
    }
    const { key, algorithms } = "jwks" in options ? keysAt(options, this.#outage) : sharedSecret(options);
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
      const payload = await this.#verified(value);
      return isPrincipalName(payload?.sub) ? { name: payload.sub, by: "header" } : undefined;
    } catch (error) {
      if (AssetmillError.is(error)) throw error;
      if (error instanceof errors.JOSEError && !(error instanceof errors.JWKSInvalid)) return undefined;
      throw this.#outage.because(`a key to verify tokens with cannot be used: ${messageOf(error)}`, error);
    }
  }

  /** Undefined if several keys come into question and none of them signed the token. */
  async #verified(token: string): Promise<JWTPayload | undefined> {
    try {
      return (await jwtVerify(token, this.#key, this.#options)).payload;
    } catch (error) {
      if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error;
      for await (const key of error) {
        const payload = await this.#verifiedBy(key, token);
        if (payload) return payload;
      }
      return undefined;
    }
  }

  /** Undefined if it is not this key that signed the token, or if the key cannot be used. */
  async #verifiedBy(key: CryptoKey, token: string): Promise<JWTPayload | undefined> {
    try {
      return (await jwtVerify(token, key, this.#options)).payload;
    } catch (error) {
      const isTokens = error instanceof errors.JOSEError && !(error instanceof errors.JWSSignatureVerificationFailed);
      if (isTokens) throw error;
      return undefined;
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
  if (bytes.byteLength < least) throw invalidParameter("secret", `must have at least ${least} bytes`);
  return { key: () => bytes, algorithms };
}

function keysAt(options: Extract<JwtOptions, { jwks: unknown }>, outage: Outage): Keys {
  const { jwks, algorithms = ["RS256", "PS256", "ES256", "EdDSA"], timeoutMs = 5_000 } = options;
  checkAlgorithms(algorithms, ASYMMETRIC);
  const url = URL.canParse(jwks) ? new URL(jwks) : undefined;
  const local = url?.protocol === "http:" && isLoopback(url.hostname.replace(/^\[|\]$/g, ""));
  if (!url || (url.protocol !== "https:" && !local))
    throw invalidParameter("jwks", "must be an https URL, or an http URL on a loopback address");
  return { key: remoteKeys(url, timeoutMs, outage), algorithms };
}

function checkAlgorithms(algorithms: readonly string[], known: readonly string[]): void {
  if (algorithms.length > 0 && algorithms.every((algorithm) => known.includes(algorithm))) return;
  throw invalidParameter("algorithms", `must be among ${known.join(", ")} for this kind of key`);
}
