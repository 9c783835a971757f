import { AssetmillError } from "../../../../core/errors.js";
import { isPage, type JcrAnswer, type JcrClient } from "../client.js";
import type { Change, JcrDialect, Listing, VisitChild } from "./dialect.js";
import { diffOf } from "./diff.js";
import { davexFault, JcrFault, unavailable } from "../errors.js";
import { encodedPath, isReadablePath } from "./jcr-names.js";
import { type JcrNode, NodeBuilder, nodeOf } from "./jcr-node.js";
import { isJsonObject, streamMembers, type VisitMember } from "../client/json-stream.js";
import { multipart } from "../client/multipart.js";

/** Nodes asked for in one request. */
const MAX_INCLUDES = 1_000;
const MAX_FAULT_CHARS = 64 * 1024;

const LOCKS = '<?xml version="1.0"?><D:propfind xmlns:D="DAV:"><D:prop><D:lockdiscovery/></D:prop></D:propfind>';

/**
 * Jackrabbit's remoting: any nodes in one request, any changes in one save. All reading is by multi-read: paths travel as
 * parameters, so that no name can be taken for an address (`x.0.json` may be a node's name).
 */
export class DavexDialect implements JcrDialect {
  readonly name = "davex";
  readonly #client: JcrClient;
  /** The path of the workspace's root. */
  readonly #workspace: string;
  /** A node that is there and readable: without one a multi-read would be taken for a change of content. */
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
        // What is missing in the repository is told by a class: here nothing speaks DavEx now.
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
    try {
      await refuseAll(answer, [403, 404]);
    } catch (error) {
      if (error instanceof JcrFault) await this.#expectUp(error, signal);
      throw error;
    }
    return undefined;
  }

  /** Before an asset is blamed for a refusal that is not DavEx's: a server that is not there now refuses its root, too. */
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
      // Where WebDAV's methods are forbidden, nobody tells: the server refuses what is locked by itself, but not below it.
      await refuseAll(answer, [403, 404, 405, 501]).catch((error: unknown) => {
        throw error instanceof JcrFault ? notThere(answer.status, error) : error;
      });
      return false;
    });
  }

  /** Where a proxy takes no bodies of this size: by halves. */
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

  /** `sink` is made anew for each try: what a broken answer had told is forgotten. */
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
      // A node that is named like the address of a listing is answered as it is, in XML.
      if (answer.header("content-type")?.includes("xml")) {
        await answer.discard();
        throw unavailable(`${this.#root} of the JCR server is hidden by a node named like its listing; give ?root=`);
      }
      const { visit, result } = sink();
      await streamMembers(answer.body, level, visit);
      return result();
    });
  }

  /** Fails: no path of ours is to blame for a multi-read that is refused, so that somebody took the root away. */
  async #refuseRead(answer: JcrAnswer): Promise<void> {
    try {
      await refuseAll(answer, []);
    } catch (error) {
      if (!(error instanceof JcrFault)) throw error;
      if (error.status === 413) throw new TooLarge(error.message);
      throw unavailable(
        `${this.#root} of the JCR server is not readable (any more), or ?root= has to name another: ${error.message}`,
        error,
      );
    }
  }
}

/** What stands before the server takes no bodies of this size. */
class TooLarge extends AssetmillError {
  constructor(message: string) {
    super("UNAVAILABLE", `something before the JCR server takes no bodies of the size that is needed: ${message}`);
  }
}

/** Something else answers where the server was: a proxy, or the server itself before it is up. */
const notThere = (status: number, cause?: unknown): Error =>
  unavailable(`no JCR server is there now: it answered ${status} with a page of another kind`, cause);

/** Ends an answer that is none; fails with what the server says, unless its status is among those that mean: nothing there. */
async function refuseAll(answer: JcrAnswer, nothing: readonly number[]): Promise<void> {
  if (nothing.includes(answer.status)) return answer.discard();
  const fault = davexFault(answer.status, await answer.text(MAX_FAULT_CHARS));
  if (answer.status >= 400 && answer.status < 500) throw fault;
  throw unavailable(`the JCR server answered ${answer.status}: ${fault.message}`, fault);
}

/** A lock of the node itself alone says nothing about what is below it. */
const isDeepLock = (properties: string): boolean =>
  /activelock/i.test(properties) && /:depth[^>]*>\s*infinity/i.test(properties);
