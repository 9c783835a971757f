import { AssetmillError } from "../../../../core/errors.js";
import { isPage, type JcrAnswer, type JcrClient } from "../client.js";
import type { Change, JcrDialect, Listing, VisitChild } from "./dialect.js";
import { diffOf } from "./diff.js";
import { davexFault, isUrlTooLong, JcrFault, unavailable, urlTooLong } from "../errors.js";
import { encodedPath, isReadablePath } from "./jcr-names.js";
import { type JcrNode, NodeBuilder, nodeOf } from "./jcr-node.js";
import { isJsonObject, streamMembers, type VisitMember } from "../client/json-stream.js";
import { multipart } from "../client/multipart.js";

/** Maximum nodes per read request. */
const MAX_INCLUDES = 1_000;
const MAX_FAULT_CHARS = 64 * 1024;

const LOCKS = '<?xml version="1.0"?><D:propfind xmlns:D="DAV:"><D:prop><D:lockdiscovery/></D:prop></D:propfind>';

/**
 * Jackrabbit's remoting: reads any nodes in one request, and saves any changes in one. Reads always use the multi-read,
 * which takes paths as parameters: in a URL, a node named `x.0.json` would be read as a selector and an extension.
 */
export class DavexDialect implements JcrDialect {
  readonly name = "davex";
  readonly #client: JcrClient;
  /** URL path of the workspace's root. */
  readonly #workspace: string;
  /** A readable node: the server treats a multi-read addressed to any other as a change of content. */
  readonly #root: string;

  constructor(client: JcrClient, workspace: string, root: string) {
    this.#client = client;
    this.#workspace = workspace;
    this.#root = root;
  }

  async list(path: string, visit: VisitChild, signal?: AbortSignal): Promise<JcrNode | undefined> {
    if (!isReadablePath(path)) return undefined;
    const node = await this.#multiRead([path], 0, 2, signal, () => {
      const own = new NodeBuilder();
      let found = false;
      return {
        visit: (name, value) => {
          found = true;
          if (isJsonObject(value)) return visit(name);
          own.add(name, value);
          return true;
        },
        result: () => (found ? own : undefined),
      };
    });
    return node;
  }

  async listAll(paths: readonly string[], most: number, signal?: AbortSignal): Promise<ReadonlyMap<string, Listing>> {
    const asked = [...new Set(paths)].filter(isReadablePath);
    if (asked.length === 0) return new Map();
    return this.#multiRead(asked, 0, 2, signal, () => {
      const listings = new Map<string, { node: NodeBuilder; names: string[] }>();
      let count = 0;
      return {
        visit: (name, value, path) => {
          const listing = listings.get(path) ?? { node: new NodeBuilder(), names: [] };
          listings.set(path, listing);
          if (!isJsonObject(value)) listing.node.add(name, value);
          else if (++count <= most) listing.names.push(name);
          else {
            listings.delete(path);
            return false;
          }
          return true;
        },
        result: () => listings,
      };
    });
  }

  async read(paths: readonly string[], depth: number, signal?: AbortSignal): Promise<readonly (JcrNode | undefined)[]> {
    const asked = [...new Set(paths)].filter(isReadablePath);
    const slices = Array.from({ length: Math.ceil(asked.length / MAX_INCLUDES) }, (_, i) =>
      asked.slice(i * MAX_INCLUDES, (i + 1) * MAX_INCLUDES),
    );
    const answers = await Promise.all(slices.map((slice) => this.#readNodes(slice, depth, signal)));
    return paths.map((path) => answers.map((nodes) => nodes.get(path)).find((node) => node !== undefined));
  }

  async lockedBelow(folders: readonly string[], signal?: AbortSignal): Promise<readonly boolean[]> {
    return Promise.all(folders.map((folder) => this.#isLocked(folder, signal)));
  }

  async write(changes: readonly Change[], signal?: AbortSignal): Promise<void> {
    if (changes.length === 0) return;
    const { contentType, body } = multipart(diffOf(changes));
    const path = `${this.#workspace}${encodedPath(this.#root) || "/"}`;
    const headers = { "Content-Type": contentType };
    await this.#client.send({ method: "POST", path, headers, body, signal, repeatable: false }, async (answer) => {
      if (answer.status >= 300) {
        const fault = davexFault(answer.status, await answer.text(MAX_FAULT_CHARS));
        // For a missing node the server names an exception class: without one, no DavEx server answered.
        if (answer.status === 404 && fault.kind === undefined) throw notThere(answer.status, fault);
        if (answer.status < 500) await this.#expectUp(fault, signal);
        throw fault;
      }
      await answer.discard();
      if (isPage(answer)) throw notThere(answer.status);
    });
  }

  async content(node: string, signal?: AbortSignal): Promise<AsyncIterable<Uint8Array> | undefined> {
    if (!isReadablePath(node)) return undefined;
    const path = `${this.#workspace}${encodedPath(node)}/jcr%3Adata`;
    const answer = await this.#client.open({ method: "GET", path, signal });
    if (answer.status === 200 && !isPage(answer)) return answer.body;
    if (answer.status === 200) throw notThere(answer.status);
    if (isUrlTooLong(answer)) throw await urlTooLong(answer, path);
    try {
      await refuseAll(answer, [403, 404]);
    } catch (error) {
      if (error instanceof JcrFault) await this.#expectUp(error, signal);
      throw error;
    }
    return undefined;
  }

  /** Throws UNAVAILABLE if a fault is not DavEx's and the server refuses its root as well: the asset is not to blame. */
  async #expectUp({ kind, status }: JcrFault, signal: AbortSignal | undefined): Promise<void> {
    if (kind !== undefined) return;
    const path = `${this.#workspace}${this.#root === "/" ? "/" : encodedPath(this.#root)}.0.json`;
    const request = { method: "GET", path, signal, redirectsTell: true } as const;
    const isUp = await this.#client.send(request, async (answer) => {
      await answer.discard();
      return answer.status === 200 && /json|text\/plain/.test(answer.header("content-type") ?? "");
    });
    if (!isUp) throw notThere(status);
  }

  async #isLocked(folder: string, signal: AbortSignal | undefined): Promise<boolean> {
    const path = `${this.#workspace}${encodedPath(folder) || "/"}`;
    const headers = { Depth: "0", "Content-Type": "application/xml; charset=UTF-8" };
    const request = { method: "PROPFIND", path, headers, body: Buffer.from(LOCKS), signal } as const;
    return this.#client.send(request, async (answer) => {
      if (answer.status === 207) return isDeepLock(await answer.text(MAX_FAULT_CHARS));
      // If WebDAV's methods are forbidden, or the URL is too long for the server, locks are unknown: it refuses writes to a
      // locked node, but not below it.
      if (isUrlTooLong(answer)) {
        await answer.discard();
        return false;
      }
      await refuseAll(answer, [403, 404, 405, 501]).catch((error: unknown) => {
        throw error instanceof JcrFault ? notThere(answer.status, error) : error;
      });
      return false;
    });
  }

  /** Reads nodes; splits the request in halves if a proxy rejects its size. */
  async #readNodes(
    paths: readonly string[],
    depth: number,
    signal: AbortSignal | undefined,
  ): Promise<ReadonlyMap<string, JcrNode>> {
    try {
      return await this.#multiRead(paths, depth, 1, signal, () => {
        const nodes = new Map<string, JcrNode>();
        return {
          visit: (path, value) => {
            if (isJsonObject(value)) nodes.set(path, nodeOf(value));
          },
          result: () => nodes,
        };
      });
    } catch (error) {
      if (!(error instanceof TooLarge) || paths.length < 2) throw error;
      const middle = paths.length >> 1;
      const first = await this.#readNodes(paths.slice(0, middle), depth, signal);
      return new Map([...first, ...(await this.#readNodes(paths.slice(middle), depth, signal))]);
    }
  }

  /** Reads nodes in one request. Creates a new `sink` for each try, to discard what a broken response delivered. */
  #multiRead<T>(
    paths: readonly string[],
    depth: number,
    level: number,
    signal: AbortSignal | undefined,
    sink: () => { visit: VisitMember; result: () => T },
  ): Promise<T> {
    const { contentType, body } = multipart(paths.map((text) => ({ name: ":include", text })));
    const path = `${this.#workspace}${this.#root === "/" ? "/" : encodedPath(this.#root)}.${depth}.json`;
    const headers = { "Content-Type": contentType };
    return this.#client.send({ method: "POST", path, headers, body, signal }, async (answer) => {
      if (answer.status !== 200) await this.#refuseRead(answer);
      // The server returns a node as XML if its name equals the last part of the listing's URL.
      if (answer.header("content-type")?.includes("xml")) {
        await answer.discard();
        throw unavailable(
          `cannot list ${this.#root} of the JCR server: a node has the name of the listing's URL; name another node by ?root=`,
        );
      }
      const { visit, result } = sink();
      await streamMembers(answer.body, level, visit);
      return result();
    });
  }

  /** Throws. No requested path can make a multi-read fail, so the root must have become unreadable. */
  async #refuseRead(answer: JcrAnswer): Promise<void> {
    try {
      await refuseAll(answer, []);
    } catch (error) {
      if (!(error instanceof JcrFault)) throw error;
      if (error.status === 413) throw new TooLarge(error.message);
      throw unavailable(
        `cannot read ${this.#root} of the JCR server; restore access to it or name another node by ?root=: ${error.message}`,
        error,
      );
    }
  }
}

/** A proxy rejects requests of this size. */
class TooLarge extends AssetmillError {
  constructor(message: string) {
    super(
      "UNAVAILABLE",
      `the JCR server or a proxy rejected a request as too large; raise its limit for request bodies: ${message}`,
    );
  }
}

/** Something else answers in the server's place: a proxy, or the server while it starts. */
const notThere = (status: number, cause?: unknown): Error =>
  unavailable(`the JCR server is not up: it answered ${status} with a page that is not DavEx`, cause);

/** Discards an error response. Throws the server's fault unless its status is in `nothing`, the ones that mean that nothing is there. */
async function refuseAll(answer: JcrAnswer, nothing: readonly number[]): Promise<void> {
  if (nothing.includes(answer.status)) return answer.discard();
  const fault = davexFault(answer.status, await answer.text(MAX_FAULT_CHARS));
  if (answer.status >= 400 && answer.status < 500) throw fault;
  throw unavailable(`the JCR server answered ${answer.status}: ${fault.message}`, fault);
}

/** Returns whether a lock covers what is below the node; a shallow lock does not. */
const isDeepLock = (properties: string): boolean =>
  /activelock/i.test(properties) && /:depth[^>]*>\s*infinity/i.test(properties);
