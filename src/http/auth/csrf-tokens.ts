import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { invalidParameter } from "../../core/errors.js";
import type { Principal } from "../../core/ports/authenticator.js";

const TTL_MS = 60 * 60_000;
const MIN_KEY_BYTES = 32;

/**
 * Issues and checks CSRF tokens. A token is valid for one session, for an hour, on every node with the same key. Nothing is
 * stored.
 */
export class CsrfTokens {
  readonly #key: Uint8Array;

  /** Without a key, generates one that only this process knows. */
  constructor(key: string | Uint8Array | undefined) {
    this.#key = typeof key === "string" ? Buffer.from(key, "utf8") : (key ?? randomBytes(MIN_KEY_BYTES));
    if (this.#key.byteLength < MIN_KEY_BYTES)
      throw invalidParameter("csrfKey", `must have at least ${MIN_KEY_BYTES} bytes`);
  }

  issue(principal: Principal): string {
    const expires = (Date.now() + TTL_MS).toString(36);
    return `${expires}.${this.#sign(principal, expires).toString("base64url")}`;
  }

  accepts(principal: Principal, token: string | undefined): boolean {
    const [, expires, signature] = /^([\da-z]{1,10})\.([\w-]{43})$/.exec(token ?? "") ?? [];
    if (expires === undefined || signature === undefined) return false;
    const genuine = timingSafeEqual(Buffer.from(signature, "base64url"), this.#sign(principal, expires));
    return genuine && Number.parseInt(expires, 36) > Date.now();
  }

  #sign({ name, session }: Principal, expires: string): Buffer {
    return createHmac("sha256", this.#key)
      .update(JSON.stringify(["csrf", name, session ?? null, expires]))
      .digest();
  }
}
