import { createHash, timingSafeEqual } from "node:crypto";
import { invalidParameter } from "../../core/errors.js";
import type { Authenticator, Credentials, Principal } from "../../core/ports/authenticator.js";
import { authorizationOf, basicCredentials, CHALLENGES } from "./authorization.js";
import { isPrincipalName } from "./principal-name.js";

/** Accepts one shared token, either as `Authorization: Bearer T` or as the password of a Basic user, whose name is used. */
export class TokenAuthenticator implements Authenticator {
  readonly challenges: readonly string[] = [CHALLENGES.basic, CHALLENGES.bearer];
  readonly quick = true;
  readonly #expected: Buffer;

  constructor(token: string) {
    if (token === "") throw invalidParameter("token", "must not be empty");
    this.#expected = digest(token);
  }

  async authenticate(credentials: Credentials): Promise<Principal | undefined> {
    const { scheme, value = "" } = authorizationOf(credentials.header("authorization")) ?? {};
    if (scheme === "bearer") return this.#matches(value) ? { name: "token", by: "header" } : undefined;
    if (scheme !== "basic") return undefined;
    const { name, password } = basicCredentials(value) ?? { name: "", password: "" };
    const shown = name || "token";
    return this.#matches(password) && isPrincipalName(shown) ? { name: shown, by: "header" } : undefined;
  }

  /** Compares in constant time. Both sides are hashed first, so that not even their length leaks. */
  #matches(token: string): boolean {
    return timingSafeEqual(digest(token), this.#expected);
  }
}

const digest = (text: string): Buffer => createHash("sha256").update(text, "utf8").digest();
