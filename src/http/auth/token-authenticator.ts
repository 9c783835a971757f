import { createHash, timingSafeEqual } from "node:crypto";
import { invalidParameter } from "../../core/errors.js";
import type { Authenticator, Credentials, Principal } from "../../core/ports/authenticator.js";

/** One shared token: as `Authorization: Bearer T`, or as the password of any Basic user, whose name is taken over. */
export class TokenAuthenticator implements Authenticator {
  readonly challenges: readonly string[] = ['Basic realm="assetmill", charset="UTF-8"', 'Bearer realm="assetmill"'];
  readonly #expected: Buffer;

  constructor(token: string) {
    if (token === "") throw invalidParameter("token", "must not be empty");
    this.#expected = digest(token);
  }

  async authenticate(credentials: Credentials): Promise<Principal | undefined> {
    const [, scheme = "", value = ""] = /^([\w-]+) +(\S+) *$/.exec(credentials.header("authorization") ?? "") ?? [];
    if (scheme.toLowerCase() === "bearer") return this.#matches(value) ? { name: "token" } : undefined;
    if (scheme.toLowerCase() !== "basic") return undefined;
    const [, name = "", password = ""] = /^([^:]*):(.*)$/s.exec(Buffer.from(value, "base64").toString("utf8")) ?? [];
    return this.#matches(password) && isName(name) ? { name: name || "token" } : undefined;
  }

  /** In constant time: both sides are hashed first, so that not even a length shows. */
  #matches(token: string): boolean {
    return timingSafeEqual(digest(token), this.#expected);
  }
}

const digest = (text: string): Buffer => createHash("sha256").update(text, "utf8").digest();

// RFC 7617 forbids control characters in a user's name; the name goes into log lines and a column of limited width.
const isName = (name: string): boolean => name.length <= 200 && !/\p{Cc}/u.test(name);
