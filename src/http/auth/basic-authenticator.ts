import pLimit from "p-limit";
import type { Authenticator, Credentials, Principal } from "../../core/ports/authenticator.js";
import { TooManyRequests } from "../too-many-requests.js";
import { authorizationOf, basicCredentials, CHALLENGES } from "./authorization.js";
import { isPassword } from "./password-hash.js";
import { PasswordFile, type PasswordList, parsePasswordList } from "./password-list.js";
import { isPrincipalName } from "./principal-name.js";
import { ProofCache } from "./proof-cache.js";

export interface BasicOptions {
  /** How long a proved password need not be proved again. @defaultValue 5 min */
  readonly cacheMs?: number;
  /** How many passwords are checked at once; each takes a thread of libuv's four, and 64 MiB. @defaultValue 2 */
  readonly concurrency?: number;
  /** How many may wait for that; one more is told to come again later. @defaultValue 32 */
  readonly maxWaiting?: number;
}

const BASIC_DEFAULTS = Object.freeze({ cacheMs: 5 * 60_000, concurrency: 2, maxWaiting: 32 });

const MAX_PASSWORD_LENGTH = 1_024;
const MAX_CACHED = 1_000;

/**
 * HTTP Basic with scrypt-hashed passwords. An unknown name takes as long as a wrong password, and a flood of either costs
 * neither memory nor every thread: few are checked at once, and beyond a short queue the answer is RATE_LIMITED.
 */
export class BasicAuthenticator implements Authenticator {
  readonly challenges: readonly string[] = [CHALLENGES.basic];
  readonly #list: () => Promise<PasswordList>;
  readonly #proofs: ProofCache<Principal>;
  readonly #turns: ReturnType<typeof pLimit>;
  readonly #maxWaiting: number;

  private constructor(list: () => Promise<PasswordList>, options: BasicOptions) {
    const { cacheMs, concurrency, maxWaiting } = { ...BASIC_DEFAULTS, ...options };
    this.#list = list;
    this.#proofs = new ProofCache({ max: MAX_CACHED, ttlMs: cacheMs });
    this.#turns = pLimit(concurrency);
    this.#maxWaiting = maxWaiting;
  }

  /** Users as lines of `name:scrypt$N$r$p$salt$hash`; `assetmill hash-password NAME` makes one. */
  static ofUsers(lines: readonly string[], options: BasicOptions = {}): BasicAuthenticator {
    const list = parsePasswordList(lines);
    return new BasicAuthenticator(async () => list, options);
  }

  /** The same lines in a file, which is read again when it changes. Fails where it cannot be read now. */
  static async ofFile(file: string, options: BasicOptions = {}): Promise<BasicAuthenticator> {
    const source = await PasswordFile.open(file);
    return new BasicAuthenticator(() => source.list(), options);
  }

  async authenticate(credentials: Credentials): Promise<Principal | undefined> {
    const { scheme, value = "" } = authorizationOf(credentials.header("authorization")) ?? {};
    const given = scheme === "basic" ? basicCredentials(value) : undefined;
    if (!given || !isPrincipalName(given.name) || given.password.length > MAX_PASSWORD_LENGTH) return undefined;
    const { name, password } = given;
    const { byName, decoy } = await this.#list();
    const expected = byName.get(name);
    // The hash is part of what is looked up: a changed password is not believed because an older one was.
    return this.#proofs.get([name, password, expected?.text ?? ""], async () => {
      if (this.#turns.pendingCount >= this.#maxWaiting) {
        throw new TooManyRequests("too many passwords are being checked; try again shortly", 1_000);
      }
      const right = await this.#turns(() => isPassword(password, expected ?? decoy));
      return right && expected ? { name, by: "header" } : undefined;
    });
  }
}
