import type { Authenticator, Credentials, Principal } from "../../core/ports/authenticator.js";
import { type NamesOf, refuseUnknownOptions } from "../../core/operator/unknown-name.js";
import { authorizationOf, basicCredentials, CHALLENGES } from "./authorization.js";
import { isPassword, isPasswordText } from "./password-hash.js";
import { PasswordFile, type PasswordList, parsePasswordList } from "./password-list.js";
import { isPrincipalName } from "./principal-name.js";
import { CredentialCache } from "./credential-cache.js";
import { LoginTurns } from "./login-turns.js";
import { Claimant } from "./recent-logins.js";

export interface BasicOptions {
  /** How long a verified password is cached. @defaultValue 5 min */
  readonly cacheMs?: number;
  /**
   * Passwords checked at once; each takes one of libuv's four threads and 64 MiB. At most half of them, but at least one,
   * are of strangers: callers whose password was not right within the last day.
   * @defaultValue 2
   */
  readonly concurrency?: number;
  /** Strangers that may wait for that; any beyond are refused with RATE_LIMITED. @defaultValue 256 */
  readonly maxWaiting?: number;
}

const BASIC_DEFAULTS = Object.freeze({ cacheMs: 5 * 60_000, concurrency: 2, maxWaiting: 256 });

const NAMES: NamesOf<Required<BasicOptions>> = { cacheMs: true, concurrency: true, maxWaiting: true };

const MAX_CACHED = 1_000;

/**
 * HTTP Basic with scrypt-hashed passwords. An unknown name takes as long to refuse as a wrong password. A flood of either
 * exhausts neither memory nor threads: few are checked at once, and beyond a queue the answer is RATE_LIMITED. Callers whose
 * password was right lately are checked before all others, and are not refused.
 */
export class BasicAuthenticator implements Authenticator {
  readonly challenges: readonly string[] = [CHALLENGES.basic];
  readonly #list: () => Promise<PasswordList>;
  readonly #verified: CredentialCache<Principal>;
  readonly #turns: LoginTurns;

  private constructor(list: () => Promise<PasswordList>, options: BasicOptions) {
    refuseUnknownOptions(options, NAMES);
    const { cacheMs, concurrency, maxWaiting } = { ...BASIC_DEFAULTS, ...options };
    this.#list = list;
    const turns = new LoginTurns({ concurrency, maxWaiting });
    this.#turns = turns;
    this.#verified = new CredentialCache({ max: MAX_CACHED, ttlMs: cacheMs, onRepeat: (key) => turns.renew(key) });
  }

  /** Takes users as lines of `name:scrypt$N$r$p$salt$hash`, as `assetmill hash-password NAME` prints them. */
  static ofUsers(lines: readonly string[], options: BasicOptions = {}): BasicAuthenticator {
    const list = parsePasswordList(lines);
    return new BasicAuthenticator(async () => list, options);
  }

  /** Reads the same lines from a file, and again whenever it changes. Rejects if the file cannot be read now. */
  static async ofFile(file: string, options: BasicOptions = {}): Promise<BasicAuthenticator> {
    const source = await PasswordFile.open(file);
    return new BasicAuthenticator(() => source.list(), options);
  }

  async authenticate(credentials: Credentials): Promise<Principal | undefined> {
    const { scheme, value = "" } = authorizationOf(credentials.header("authorization")) ?? {};
    const given = scheme === "basic" ? basicCredentials(value) : undefined;
    if (!given || !isPrincipalName(given.name) || !isPasswordText(given.password)) return undefined;
    const { name, password } = given;
    const { byName, decoy } = await this.#list();
    const expected = byName.get(name);
    // The hash is part of the key: after a password change, the old one is no longer accepted from the cache.
    return this.#verified.get([name, password, expected?.text ?? ""], (claim) =>
      this.#turns.run(claim, new Claimant(name, credentials.address), async () => {
        const right = await isPassword(password, expected ?? decoy);
        return right && expected ? { name, by: "header" } : undefined;
      }),
    );
  }
}
