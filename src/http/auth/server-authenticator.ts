import pLimit from "p-limit";
import { AssetmillError, invalidParameter } from "../../core/errors.js";
import type { Authenticator, Credentials, Principal } from "../../core/ports/authenticator.js";
import { authorizationOf, basicCredentials, CHALLENGES } from "./authorization.js";
import { isPrincipalName } from "./principal-name.js";
import { ProofCache } from "./proof-cache.js";

export interface ServerAuthenticatorOptions {
  /** The server's address, its context path included; no credentials in it. */
  readonly url: string;
  /** Names of the cookies that hold its sessions; no other cookie is passed on. @defaultValue AEM's and Sling's */
  readonly cookies?: readonly string[];
  /** How long the server may take to answer. @defaultValue 5 s */
  readonly timeoutMs?: number;
  /** How long an answer is good for: so long after a session ended, its caller may still get in. @defaultValue 30 s */
  readonly cacheMs?: number;
}

const SERVER_DEFAULTS = Object.freeze({
  cookies: Object.freeze<readonly string[]>(["login-token", "sling.formauth"]),
  timeoutMs: 5_000,
  cacheMs: 30_000,
});

/** Where servers say who is asking, and what they call it. */
const DIALECTS = [
  { path: "/system/sling/info.sessionInfo.json", field: "userID" },
  { path: "/libs/granite/security/currentuser.json", field: "authorizableId" },
] as const;

/** Where there are no such pages (plain Oak): whom this lets in has the name that he gave. */
const REMOTING = "/server/default/jcr:root/.0.json";

const CONCURRENCY = 8;
const MAX_WAITING = 256;
const MAX_ANSWER_CHARS = 64 * 1024;
const MAX_CACHED = 1_000;

/** What a caller proves itself with: one thing, and that alone goes to the server. */
export interface Proof {
  readonly by: "header" | "cookie";
  readonly value: string;
}

/**
 * Asks a Sling or AEM server who the caller is, with the caller's own credentials: `Authorization` (Basic or Bearer) where
 * there is one, else the session's cookies; never both, or a cookie could do what only a header may. Anonymous is nobody.
 * UNAVAILABLE where the server cannot be asked.
 */
export class ServerAuthenticator implements Authenticator {
  readonly challenges: readonly string[] = [CHALLENGES.basic];
  readonly #base: string;
  readonly #cookies: readonly string[];
  readonly #timeoutMs: number;
  readonly #principals: ProofCache<Principal>;
  /** By the principal that it proved, for whoever asks the same server about him. */
  readonly #proofs = new WeakMap<Principal, Proof>();
  readonly #turns = pLimit(CONCURRENCY);
  /** The first that answered; the other one is not there. */
  #dialect: (typeof DIALECTS)[number] | undefined;

  /** Errors: INVALID_PARAMETER naming `url`. */
  constructor(options: ServerAuthenticatorOptions) {
    const { url, cookies, timeoutMs, cacheMs } = { ...SERVER_DEFAULTS, ...options };
    this.#base = checkedBase(url);
    this.#cookies = cookies;
    this.#timeoutMs = timeoutMs;
    this.#principals = new ProofCache({ max: MAX_CACHED, ttlMs: cacheMs });
  }

  async authenticate(credentials: Credentials): Promise<Principal | undefined> {
    const proof = this.#proofOf(credentials);
    return proof && this.#principals.get([proof.by, proof.value], () => this.#principalOf(proof));
  }

  #proofOf(credentials: Credentials): Proof | undefined {
    const header = credentials.header("authorization");
    if (header !== undefined) {
      const scheme = authorizationOf(header)?.scheme;
      return scheme === "basic" || scheme === "bearer" ? { by: "header", value: header } : undefined;
    }
    const pairs = (credentials.header("cookie") ?? "").split(";").map((pair) => pair.trim());
    const session = pairs.filter((pair) => this.#cookies.includes(pair.slice(0, Math.max(pair.indexOf("="), 0))));
    return session.length === 0 ? undefined : { by: "cookie", value: session.join("; ") };
  }

  async #principalOf(proof: Proof): Promise<Principal | undefined> {
    if (this.#turns.pendingCount >= MAX_WAITING) throw unavailable("too many callers wait to be asked for");
    const name = await this.#turns(() => this.#nameOf(proof));
    if (!isPrincipalName(name) || name === "anonymous") return undefined;
    const principal = { name, by: proof.by, ...(proof.by === "cookie" ? { session: proof.value } : {}) };
    this.#proofs.set(principal, proof);
    return principal;
  }

  /** What a principal of this authenticator's proved itself with. Goes to the server that it was proved to, and nowhere else. */
  proofOf(principal: Principal): Proof | undefined {
    return this.#proofs.get(principal);
  }

  /** The server's address. */
  get base(): string {
    return this.#base;
  }

  async #nameOf(proof: Proof): Promise<string | undefined> {
    let refused = false;
    for (const dialect of this.#dialect ? [this.#dialect] : DIALECTS) {
      const response = await this.#get(dialect.path, proof);
      if (response.status === 404 && !this.#dialect) continue;
      if (response.status === 401) return undefined;
      // A redirect leads to a login page. But one page may be closed to all while the other one tells.
      if ([301, 302, 303, 307, 308, 403].includes(response.status)) {
        refused = true;
        continue;
      }
      if (response.status !== 200) throw unavailable(`it answered ${response.status}`);
      const name = nameIn(response.text, dialect.field);
      this.#dialect = dialect;
      return name;
    }
    if (refused) return undefined;
    const given = proof.by === "header" ? authorizationOf(proof.value) : undefined;
    if (given?.scheme === "basic") {
      const { status } = await this.#get(REMOTING, proof);
      if (status === 200) return basicCredentials(given.value)?.name;
      if (status === 401) return undefined;
    }
    throw unavailable("it has no page that says who is asking");
  }

  async #get(path: string, { by, value }: Proof): Promise<{ status: number; text: string }> {
    const headers = { Accept: "application/json", [by === "header" ? "Authorization" : "Cookie"]: value };
    try {
      const signal = AbortSignal.timeout(this.#timeoutMs);
      const response = await fetch(`${this.#base}${path}`, { headers, redirect: "manual", signal });
      const { status } = response;
      const isPage = status === 200 && path !== REMOTING;
      return { status, text: isPage ? await textOf(response) : (await response.body?.cancel(), "") };
    } catch (error) {
      throw unavailable("it cannot be reached", error);
    }
  }
}

/** Never more of it than such an answer can have. */
async function textOf(response: Response): Promise<string> {
  let text = "";
  const decoder = new TextDecoder();
  for await (const bytes of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    text += decoder.decode(bytes, { stream: true });
    if (text.length > MAX_ANSWER_CHARS) throw new Error(`its answer has more than ${MAX_ANSWER_CHARS} characters`);
  }
  return text + decoder.decode();
}

function nameIn(text: string, field: string): string | undefined {
  try {
    const answer: unknown = JSON.parse(text);
    const name = typeof answer === "object" && answer !== null ? (answer as Record<string, unknown>)[field] : undefined;
    if (typeof name === "string") return name;
  } catch {
    // Not JSON: a page of somebody else's.
  }
  throw unavailable("its answer does not say who is asking");
}

function checkedBase(url: string): string {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (!parsed || !/^https?:$/.test(parsed.protocol)) throw invalidParameter("url", "must be an http or https URL");
  if (parsed.username || parsed.password) throw invalidParameter("url", "must not have credentials in it");
  return `${parsed.origin}${parsed.pathname.replace(/\/+$/, "")}`;
}

const unavailable = (why: string, cause?: unknown): AssetmillError =>
  new AssetmillError("UNAVAILABLE", `the server that knows the callers: ${why}`, { cause });
