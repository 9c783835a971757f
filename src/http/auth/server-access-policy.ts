import pLimit from "p-limit";
import { messageOf } from "../../core/errors.js";
import type { AccessAction, AccessPolicy } from "../../core/ports/access-policy.js";
import type { Principal } from "../../core/ports/authenticator.js";
import { type NamesOf, refuseUnknownOptions } from "../../core/operator/unknown-name.js";
import { CredentialCache } from "./credential-cache.js";
import { Outage } from "./outage.js";
import type { PresentedCredential, ServerAuthenticator } from "./server-authenticator.js";

export interface ServerAccessPolicyOptions {
  /** Authenticates callers against the server whose permissions are checked. */
  readonly authenticator: ServerAuthenticator;
  /** Time limit for each request to the server. @defaultValue 5 s */
  readonly timeoutMs?: number;
  /** How long an answer is cached. A revoked permission may still count for this long. @defaultValue 10 s */
  readonly cacheMs?: number;
}

const NAMES: NamesOf<Required<ServerAccessPolicyOptions>> = { authenticator: true, timeoutMs: true, cacheMs: true };

/** Where Sling, AEM and oak-run serve their remoting. */
const WORKSPACES = ["/server/default/jcr:root", "/crx/server/crx.default/jcr:root", "/jcrremote/default/jcr:root"];

const QUESTION =
  '<?xml version="1.0"?><D:propfind xmlns:D="DAV:"><D:prop><D:current-user-privilege-set/></D:prop></D:propfind>';

/** Privileges of which any one suffices. Compared by local name, because the server chooses the prefixes. */
const ENOUGH: Readonly<Record<AccessAction, ReadonlySet<string>>> = {
  read: new Set(["all", "read"]),
  process: new Set(["all", "write", "modifyProperties"]),
};

const CONCURRENCY = 8;
const MAX_ANSWER_CHARS = 64 * 1024;
const MAX_CACHED = 10_000;

/**
 * Grants callers what the JCR server grants them, using their own credentials: permission to read a node allows reading
 * its jobs and results, permission to write its properties allows processing it. A path that does not exist, or that the
 * caller cannot see, is denied. Throws UNAVAILABLE if the server cannot be reached or its remoting does not report
 * privileges.
 */
export class ServerAccessPolicy implements AccessPolicy {
  readonly #authenticator: ServerAuthenticator;
  readonly #timeoutMs: number;
  readonly #answers: CredentialCache<{ readonly rights: ReadonlySet<string> }>;
  readonly #turns = pLimit(CONCURRENCY);
  readonly #outage = new Outage(
    "UNAVAILABLE",
    "The server that says what callers may do cannot be reached, or gives no proper answer. Try again later.",
  );
  #workspace: string | undefined;

  constructor(options: ServerAccessPolicyOptions) {
    refuseUnknownOptions(options, NAMES);
    const { authenticator, timeoutMs = 5_000, cacheMs = 10_000 } = options;
    this.#authenticator = authenticator;
    this.#timeoutMs = timeoutMs;
    this.#answers = new CredentialCache({ max: MAX_CACHED, ttlMs: cacheMs });
  }

  async allows(principal: Principal, path: string, action: AccessAction): Promise<boolean> {
    const credential = this.#authenticator.credentialOf(principal);
    if (!credential) return false;
    const answer = await this.#answers.get([credential.by, credential.value, path], async () => ({
      rights: await this.#turns(() => this.#answered(path, credential)),
    }));
    return [...(answer?.rights ?? [])].some((right) => ENOUGH[action].has(right));
  }

  async #answered(path: string, credential: PresentedCredential): Promise<ReadonlySet<string>> {
    try {
      const rights = await this.#rightsAt(path, credential);
      this.#outage.over();
      return rights;
    } catch (error) {
      throw this.#outage.because(`cannot check permissions on the server: ${messageOf(error)}`, error);
    }
  }

  async #rightsAt(path: string, credential: PresentedCredential): Promise<ReadonlySet<string>> {
    for (const workspace of this.#workspace === undefined ? WORKSPACES : [this.#workspace]) {
      const address = `${workspace}${path === "/" ? "/" : path.split("/").map(encodeURIComponent).join("/")}`;
      const { status, text } = await this.#ask(address, credential);
      if (status === 207) {
        this.#workspace = workspace;
        return rightsIn(text);
      }
      if (status === 401) return NONE;
      // Either the node or the remoting is missing; the root node tells which.
      if (status === 404 || status === 403) {
        const root = await this.#ask(`${workspace}/`, credential);
        if (root.status !== 207) continue;
        this.#workspace = workspace;
        return NONE;
      }
    }
    throw new Error("it has no remoting that reports privileges");
  }

  async #ask(address: string, { by, value }: PresentedCredential): Promise<{ status: number; text: string }> {
    const headers = {
      Depth: "0",
      "Content-Type": "application/xml; charset=UTF-8",
      [by === "header" ? "Authorization" : "Cookie"]: value,
    };
    try {
      const response = await fetch(`${this.#authenticator.base}${address}`, {
        method: "PROPFIND",
        headers,
        body: QUESTION,
        redirect: "manual",
        signal: AbortSignal.timeout(this.#timeoutMs),
      });
      const { status } = response;
      if (status >= 500 || status === 429) throw new Error(`it answered ${status}`);
      return { status, text: (await response.text()).slice(0, MAX_ANSWER_CHARS) };
    } catch (error) {
      throw new Error("it cannot be reached", { cause: error });
    }
  }
}

const NONE: ReadonlySet<string> = new Set();

/** Returns the names of the elements inside each `<D:privilege>`. */
const rightsIn = (text: string): ReadonlySet<string> =>
  new Set([...text.matchAll(/<[\w-]+:privilege>\s*<(?:[\w-]+:)?([\w-]+)/g)].flatMap(([, name]) => name ?? []));
