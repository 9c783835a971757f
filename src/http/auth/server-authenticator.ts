import { invalidParameter, messageOf } from "../../core/errors.js";
import type { Authenticator, Credentials, Principal } from "../../core/ports/authenticator.js";
import { type NamesOf, refuseUnknownOptions } from "../../core/operator/unknown-name.js";
import { authorizationOf, basicCredentials, CHALLENGES } from "./authorization.js";
import { boundedText } from "./bounded-text.js";
import { Outage } from "./outage.js";
import { isPrincipalName } from "./principal-name.js";
import { CredentialCache } from "./credential-cache.js";
import { LoginTurns } from "./login-turns.js";
import { Claimant } from "./recent-logins.js";

export interface ServerAuthenticatorOptions {
  /** The server's URL including its context path, without credentials. */
  readonly url: string;
  /** Names of the server's session cookies; no other cookie is forwarded. @defaultValue those of AEM and Sling */
  readonly cookies?: readonly string[];
  /** Time limit for each request to the server. @defaultValue 5 s */
  readonly timeoutMs?: number;
  /** How long an answer is cached. A caller whose session has ended may still get in for this long. @defaultValue 30 s */
  readonly cacheMs?: number;
}

const SERVER_DEFAULTS = Object.freeze({
  cookies: Object.freeze<readonly string[]>(["login-token", "sling.formauth"]),
  timeoutMs: 5_000,
  cacheMs: 30_000,
});

const NAMES: NamesOf<Required<ServerAuthenticatorOptions>> = {
  url: true,
  cookies: true,
  timeoutMs: true,
  cacheMs: true,
};

/** Endpoints that report the current user, and the JSON field that holds the name. */
const DIALECTS = [
  { path: "/system/sling/info.sessionInfo.json", field: "userID" },
  { path: "/libs/granite/security/currentuser.json", field: "authorizableId" },
] as const;

/** For servers without such an endpoint (plain Oak): a user who can read this has the name they gave. */
const REMOTING = "/server/default/jcr:root/.0.json";

const CONCURRENCY = 8;
const MAX_WAITING = 256;
const MAX_ANSWER_CHARS = 64 * 1024;
const MAX_CACHED = 1_000;

/** The one credential that a caller presents; nothing else is sent to the server. */
export interface PresentedCredential {
  readonly by: "header" | "cookie";
  readonly value: string;
}

/**
 * Asks a Sling or AEM server who the caller is, using the caller's own credentials: the `Authorization` header (Basic or
 * Bearer) if present, otherwise the session cookies. It never sends both, or a cookie could do what only a header may.
 * Anonymous is rejected. Throws UNAVAILABLE if the server cannot be reached. Callers who were right lately are asked about
 * before all others: at most half of the requests under way are for strangers.
 */
export class ServerAuthenticator implements Authenticator {
  readonly challenges: readonly string[] = [CHALLENGES.basic];
  readonly #base: string;
  readonly #cookies: readonly string[];
  readonly #timeoutMs: number;
  readonly #principals: CredentialCache<Principal>;
  /** The credential behind each principal, for further requests to the same server on its behalf. */
  readonly #credentials = new WeakMap<Principal, PresentedCredential>();
  readonly #turns = new LoginTurns({ concurrency: CONCURRENCY, maxWaiting: MAX_WAITING });
  readonly #outage = new Outage(
    "UNAVAILABLE",
    "The server that says who callers are cannot be reached, or gives no proper answer. Try again later.",
  );
  /** The first endpoint that answered; the other one does not exist on this server. */
  #dialect: (typeof DIALECTS)[number] | undefined;

  /** Throws INVALID_PARAMETER naming the option. */
  constructor(options: ServerAuthenticatorOptions) {
    refuseUnknownOptions(options, NAMES);
    const { url, cookies, timeoutMs, cacheMs } = { ...SERVER_DEFAULTS, ...options };
    this.#base = checkedBase(url);
    this.#cookies = cookies;
    this.#timeoutMs = timeoutMs;
    const onRepeat = (key: string): void => this.#turns.renew(key);
    this.#principals = new CredentialCache({ max: MAX_CACHED, ttlMs: cacheMs, onRepeat });
  }

  async authenticate(credentials: Credentials): Promise<Principal | undefined> {
    const credential = this.#presented(credentials);
    if (!credential) return undefined;
    const claimant = new Claimant(nameGivenIn(credential), credentials.address);
    return this.#principals.get([credential.by, credential.value], (claim) =>
      this.#turns.run(claim, claimant, () => this.#principalOf(credential)),
    );
  }

  #presented(credentials: Credentials): PresentedCredential | undefined {
    const header = credentials.header("authorization");
    if (header !== undefined) {
      const scheme = authorizationOf(header)?.scheme;
      return scheme === "basic" || scheme === "bearer" ? { by: "header", value: header } : undefined;
    }
    const pairs = (credentials.header("cookie") ?? "").split(";").map((pair) => pair.trim());
    const session = pairs.filter((pair) => this.#cookies.includes(pair.slice(0, Math.max(pair.indexOf("="), 0))));
    return session.length === 0 ? undefined : { by: "cookie", value: session.join("; ") };
  }

  async #principalOf(credential: PresentedCredential): Promise<Principal | undefined> {
    const name = await this.#answered(credential);
    if (!isPrincipalName(name) || name === "anonymous") return undefined;
    const principal = { name, by: credential.by, ...(credential.by === "cookie" ? { session: credential.value } : {}) };
    this.#credentials.set(principal, credential);
    return principal;
  }

  async #answered(credential: PresentedCredential): Promise<string | undefined> {
    try {
      const name = await this.#nameOf(credential);
      this.#outage.over();
      return name;
    } catch (error) {
      throw this.#outage.because(`cannot authenticate through the server: ${messageOf(error)}`, error);
    }
  }

  /** Returns the credential behind a principal of this authenticator. Send it to this server only. */
  credentialOf(principal: Principal): PresentedCredential | undefined {
    return this.#credentials.get(principal);
  }

  /** The server's URL, without a trailing slash. */
  get base(): string {
    return this.#base;
  }

  async #nameOf(credential: PresentedCredential): Promise<string | undefined> {
    let refused = false;
    for (const dialect of this.#dialect ? [this.#dialect] : DIALECTS) {
      const response = await this.#get(dialect.path, credential);
      if (response.status === 404 && !this.#dialect) continue;
      if (response.status === 401) return undefined;
      // A redirect leads to a login page. But one endpoint may be closed to everyone while the other one answers.
      if ([301, 302, 303, 307, 308, 403].includes(response.status)) {
        refused = true;
        continue;
      }
      if (response.status !== 200) throw new Error(`it answered ${response.status}`);
      const name = nameIn(response.text, dialect.field);
      this.#dialect = dialect;
      return name;
    }
    if (refused) return undefined;
    if (isBasic(credential)) {
      const { status } = await this.#get(REMOTING, credential);
      if (status === 200) return nameGivenIn(credential);
      if (status === 401) return undefined;
    }
    throw new Error("it has no endpoint that reports the current user");
  }

  async #get(path: string, { by, value }: PresentedCredential): Promise<{ status: number; text: string }> {
    const headers = { Accept: "application/json", [by === "header" ? "Authorization" : "Cookie"]: value };
    try {
      const signal = AbortSignal.timeout(this.#timeoutMs);
      const response = await fetch(`${this.#base}${path}`, { headers, redirect: "manual", signal });
      const { status } = response;
      const isPage = status === 200 && path !== REMOTING;
      return {
        status,
        text: isPage ? await boundedText(response, MAX_ANSWER_CHARS) : (await response.body?.cancel(), ""),
      };
    } catch (error) {
      throw new Error("it cannot be reached", { cause: error });
    }
  }
}

const isBasic = ({ by, value }: PresentedCredential): boolean =>
  by === "header" && authorizationOf(value)?.scheme === "basic";

/** Returns the name in a Basic credential; undefined if there is none. */
const nameGivenIn = (credential: PresentedCredential): string | undefined =>
  isBasic(credential) ? basicCredentials(authorizationOf(credential.value)?.value ?? "")?.name : undefined;

function nameIn(text: string, field: string): string | undefined {
  try {
    const answer: unknown = JSON.parse(text);
    const name = typeof answer === "object" && answer !== null ? (answer as Record<string, unknown>)[field] : undefined;
    if (typeof name === "string") return name;
  } catch {
    // Not JSON: the page of some other application.
  }
  throw new Error("its answer does not name the current user");
}

function checkedBase(url: string): string {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (!parsed || !/^https?:$/.test(parsed.protocol)) throw invalidParameter("url", "must be an http or https URL");
  if (parsed.username || parsed.password) throw invalidParameter("url", "must not contain credentials");
  return `${parsed.origin}${parsed.pathname.replace(/\/+$/, "")}`;
}
