import pLimit from "p-limit";
import { AssetmillError } from "../../core/errors.js";
import type { AccessAction, AccessPolicy } from "../../core/ports/access-policy.js";
import type { Principal } from "../../core/ports/authenticator.js";
import { ProofCache } from "./proof-cache.js";
import type { Proof, ServerAuthenticator } from "./server-authenticator.js";

export interface ServerAccessPolicyOptions {
  /** Who proves the callers to the server that is asked. */
  readonly authenticator: ServerAuthenticator;
  /** How long the server may take to answer. @defaultValue 5 s */
  readonly timeoutMs?: number;
  /** How long an answer is good for: so long a right that was taken away still counts. @defaultValue 10 s */
  readonly cacheMs?: number;
}

/** Where Sling, AEM and oak-run have their remoting. */
const WORKSPACES = ["/server/default/jcr:root", "/crx/server/crx.default/jcr:root", "/jcrremote/default/jcr:root"];

const QUESTION =
  '<?xml version="1.0"?><D:propfind xmlns:D="DAV:"><D:prop><D:current-user-privilege-set/></D:prop></D:propfind>';

/** Any of these lets a caller do it; by local name, for prefixes are the server's. */
const ENOUGH: Readonly<Record<AccessAction, ReadonlySet<string>>> = {
  read: new Set(["all", "read"]),
  process: new Set(["all", "write", "modifyProperties"]),
};

const CONCURRENCY = 8;
const MAX_ANSWER_CHARS = 64 * 1024;
const MAX_CACHED = 10_000;

/**
 * Lets callers do what the JCR server lets them do, asked with their own credentials: who may read a node may read about
 * it, who may write its properties may process it. What is not there, or not for them to see, is allowed to nobody.
 * UNAVAILABLE where the server cannot be asked, or has no remoting that tells.
 */
export class ServerAccessPolicy implements AccessPolicy {
  readonly #authenticator: ServerAuthenticator;
  readonly #timeoutMs: number;
  readonly #answers: ProofCache<{ readonly rights: ReadonlySet<string> }>;
  readonly #turns = pLimit(CONCURRENCY);
  #workspace: string | undefined;

  constructor({ authenticator, timeoutMs = 5_000, cacheMs = 10_000 }: ServerAccessPolicyOptions) {
    this.#authenticator = authenticator;
    this.#timeoutMs = timeoutMs;
    this.#answers = new ProofCache({ max: MAX_CACHED, ttlMs: cacheMs });
  }

  async allows(principal: Principal, path: string, action: AccessAction): Promise<boolean> {
    const proof = this.#authenticator.proofOf(principal);
    if (!proof) return false;
    const answer = await this.#answers.get([proof.by, proof.value, path], async () => ({
      rights: await this.#turns(() => this.#rightsAt(path, proof)),
    }));
    return [...(answer?.rights ?? [])].some((right) => ENOUGH[action].has(right));
  }

  async #rightsAt(path: string, proof: Proof): Promise<ReadonlySet<string>> {
    for (const workspace of this.#workspace === undefined ? WORKSPACES : [this.#workspace]) {
      const address = `${workspace}${path === "/" ? "/" : path.split("/").map(encodeURIComponent).join("/")}`;
      const { status, text } = await this.#ask(address, proof);
      if (status === 207) {
        this.#workspace = workspace;
        return rightsIn(text);
      }
      if (status === 401) return NONE;
      // The node may be missing, or the remoting: its root tells.
      if (status === 404 || status === 403) {
        const root = await this.#ask(`${workspace}/`, proof);
        if (root.status !== 207) continue;
        this.#workspace = workspace;
        return NONE;
      }
    }
    throw unavailable("it has no remoting that tells what a caller may do");
  }

  async #ask(address: string, { by, value }: Proof): Promise<{ status: number; text: string }> {
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
      throw unavailable("it cannot be reached", error);
    }
  }
}

const NONE: ReadonlySet<string> = new Set();

/** The names of the elements inside each `<D:privilege>`. */
const rightsIn = (text: string): ReadonlySet<string> =>
  new Set([...text.matchAll(/<[\w-]+:privilege>\s*<(?:[\w-]+:)?([\w-]+)/g)].flatMap(([, name]) => name ?? []));

const unavailable = (why: string, cause?: unknown): AssetmillError =>
  new AssetmillError("UNAVAILABLE", `the server that knows what callers may do: ${why}`, { cause });
