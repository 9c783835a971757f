import { nameOf } from "../../../../core/asset/asset.js";
import { childPath, parentPath } from "../../../../core/asset/path.js";
import { isPage, type JcrAnswer, type JcrClient } from "../client.js";
import type { Change, JcrDialect, VisitChild } from "./dialect.js";
import { isUrlTooLong, JcrFault, slingFault, unavailable, urlTooLong } from "../errors.js";
import { ancestorsOf, encodedPath, isReadablePath } from "./jcr-names.js";
import { isTrue, type JcrNode, NodeBuilder } from "./jcr-node.js";
import { isJsonObject, streamMembers } from "../client/json-stream.js";
import { multipart, type Part } from "../client/multipart.js";
import { addressOf, contentsFirst, holdsEmpty, importOf, partsOf } from "./sling-form.js";

const MAX_FAULT_CHARS = 64 * 1024;
const MAX_CHANGES_CHARS = 16 * 1024 * 1024;
/** Sling silently drops parameters beyond 10,000. */
const MAX_PARAMETERS = 4_000;
/**
 * Selector that precedes the depth: for `/x.1.json` Sling would return a node named `x.1` if there is one. It ignores
 * unknown selectors.
 */
const OURS = "assetmill";

/** Sling's own GET and POST, for servers without remoting: one request per node read, dates in seconds, one commit per POST. */
export class SlingDialect implements JcrDialect {
  readonly name = "sling";
  readonly #client: JcrClient;
  readonly #root: string;

  constructor(client: JcrClient, root: string) {
    this.#client = client;
    this.#root = root;
  }

  /** Costly: Sling lists children only with their properties, and builds the whole response in memory. */
  async list(path: string, visit: VisitChild, signal?: AbortSignal): Promise<JcrNode | undefined> {
    if (!isReadablePath(path)) return undefined;
    const isThere = await this.#isThere(path, signal);
    const node = !isThere
      ? undefined
      : await this.#get(`${OURS}.1`, path, signal, async (answer) => {
          const own = new NodeBuilder();
          await streamMembers(answer.body, 0, (name, value) => {
            if (isJsonObject(value)) return visit(name);
            own.add(name, value);
            return true;
          });
          return own;
        });
    if (!node) await this.#expectUp(signal);
    return node;
  }

  async read(paths: readonly string[], depth: number, signal?: AbortSignal): Promise<readonly (JcrNode | undefined)[]> {
    const nodes = await Promise.all(
      paths.map(async (path) => {
        if (!isReadablePath(path)) return undefined;
        return this.#get(`${OURS}.harray.${depth}`, path, signal, async (answer) => {
          const node = new NodeBuilder();
          await streamMembers(answer.body, 0, (name, value) => node.add(name, value));
          return node;
        });
      }),
    );
    if (paths.some((path, i) => nodes[i] === undefined && isReadablePath(path))) await this.#expectUp(signal);
    return nodes;
  }

  /** Throws UNAVAILABLE if Sling does not show its root: while it starts, it answers 404 for nodes that exist. */
  async #expectUp(signal: AbortSignal | undefined): Promise<void> {
    const root = await this.#get(`${OURS}.0`, this.#root, signal, async (answer) => {
      await answer.discard();
      return !isPage(answer);
    });
    if (!root) throw unavailable(`Sling is not up: it does not show ${this.#root}`);
  }

  async lockedBelow(folders: readonly string[], signal?: AbortSignal): Promise<readonly boolean[]> {
    const paths = [...new Set(folders.flatMap(ancestorsOf))];
    const nodes = await this.read(paths, 0, signal);
    const locked = new Set(paths.filter((_, i) => isTrue(nodes[i], "jcr:lockIsDeep")));
    return folders.map((folder) => ancestorsOf(folder).some((path) => locked.has(path)));
  }

  async write(changes: readonly Change[], signal?: AbortSignal): Promise<void> {
    if (changes.length === 0) return;
    // Sling does not unescape quotes in parameter names: such a node is written by a POST to its own address.
    const awkward = new Map<string, Change[]>();
    for (const change of changes) {
      if (change.kind === "add" && holdsEmpty(change.node)) continue;
      const node = addressOf(change);
      if (/["\\]/.test(node)) awkward.set(node, [...(awkward.get(node) ?? []), change]);
    }
    const deleted = new Set(changes.flatMap((change) => (change.kind === "delete" ? [change.path] : [])));
    for (const [node, own] of awkward) {
      // A relative parameter cannot delete the addressed node itself.
      if (deleted.has(node)) await this.#delete([node], signal);
      const others = own.filter(({ kind }) => kind !== "delete");
      if (others.length > 0) await this.#save(others, node, signal);
    }
    const empty = changes.filter((change) => change.kind === "add" && holdsEmpty(change.node));
    for (const change of empty) await this.#import(change, deleted.has(addressOf(change)), signal);
    const imported = new Set(empty.map(addressOf));
    const replaced = changes.filter((change) => change.kind === "delete" && imported.has(change.path));
    const alone = new Set([...[...awkward.values()].flat(), ...empty, ...replaced]);
    const together = changes.filter((change) => !alone.has(change));
    if (together.length > 0) await this.#save(together, undefined, signal);
  }

  /** Makes changes in one commit. With `at`, parameter names are relative to that node. */
  async #save(changes: readonly Change[], at: string | undefined, signal: AbortSignal | undefined): Promise<void> {
    const parts = contentsFirst(changes.flatMap(partsOf)).map((part) =>
      at === undefined ? part : { ...part, name: part.name.slice(at.length + 1) },
    );
    if (parts.length > MAX_PARAMETERS)
      throw new JcrFault(
        413,
        undefined,
        `${parts.length} parameters in one request; at most ${MAX_PARAMETERS} are allowed`,
      );
    const made = changes.flatMap((change) => (change.kind === "add" ? [change.path] : []));
    const done = await this.#post(parts, signal, at);
    const created = done.filter(({ type }) => type === "created").map(({ argument }) => argument);
    // Sling silently creates missing nodes: a node that was deleted meanwhile must not come back.
    const unwanted = created.filter((path) => !made.some((root) => path === root || path.startsWith(`${root}/`)));
    if (unwanted.length > 0) {
      await this.#delete(unwanted, signal);
      throw new JcrFault(409, "PathNotFoundException", unwanted.join(", "));
    }
    const touched = new Set(done.map(({ argument }) => argument));
    const missed = changes.find((change) => change.kind === "set" && !touched.has(childPath(change.node, change.name)));
    if (missed?.kind === "set")
      throw new JcrFault(500, "NotDone", `Sling ignored the change of ${childPath(missed.node, missed.name)}`);
  }

  async content(node: string, signal?: AbortSignal): Promise<AsyncIterable<Uint8Array> | undefined> {
    if (!isReadablePath(node)) return undefined;
    const path = `${encodedPath(node)}/jcr%3Adata`;
    const answer = await this.#client.open({ method: "GET", path, signal, redirectsTell: true });
    // A property comes as raw content; any other type is the page of another node.
    if (answer.status === 200 && !/json|html|xml|text/.test(answer.header("content-type") ?? "")) return answer.body;
    if (isUrlTooLong(answer)) throw await urlTooLong(answer, path);
    if (answer.status === 200) await answer.discard();
    else await endOf(answer);
    return undefined;
  }

  /**
   * Returns whether a node exists. For a missing `/x.json/y` Sling returns node `/x`, as if that had been requested; so this
   * requests a property, which only an existing node has.
   */
  async #isThere(path: string, signal: AbortSignal | undefined): Promise<boolean> {
    if (!path.includes(".")) return true;
    const request = {
      method: "GET",
      path: `${encodedPath(path)}/jcr%3AprimaryType`,
      signal,
      redirectsTell: true,
    } as const;
    return this.#client.send(request, async (answer) => {
      if (answer.status !== 200) {
        await endOf(answer);
        return false;
      }
      const text = await answer.text(MAX_FAULT_CHARS);
      return /^text\/plain/.test(answer.header("content-type") ?? "") && /^[\w-]+:\S+$/.test(text.trim());
    });
  }

  #get<T>(
    selectors: string,
    path: string,
    signal: AbortSignal | undefined,
    take: (answer: JcrAnswer) => Promise<T>,
  ): Promise<T | undefined> {
    const headers = { Accept: "application/json" };
    const address = `${encodedPath(path) || "/"}.${selectors}.json`;
    const request = { method: "GET", path: address, headers, signal, redirectsTell: true } as const;
    return this.#client.send(request, async (answer) => {
      if (answer.status === 200) return take(answer);
      if (isUrlTooLong(answer)) throw await urlTooLong(answer, address);
      await endOf(answer);
      return undefined;
    });
  }

  /** Adds a node by JSON import, which creates empty binaries; Sling ignores an empty file in a form. */
  async #import(change: Change, replaces: boolean, signal: AbortSignal | undefined): Promise<void> {
    if (change.kind !== "add") return;
    const parts = [
      { name: ":operation", text: "import" },
      { name: ":contentType", text: "json" },
      { name: ":name", text: nameOf(change.path) },
      ...(replaces ? [{ name: ":replace", text: "true" }] : []),
      { name: ":content", text: JSON.stringify(importOf(change.node)) },
    ];
    await this.#post(parts, signal, parentPath(change.path));
  }

  #post(parts: readonly Part[], signal: AbortSignal | undefined, at = this.#root): Promise<readonly SlingChange[]> {
    const { contentType, body } = multipart([{ name: "_charset_", text: "UTF-8" }, ...parts]);
    const headers = { "Content-Type": contentType, Accept: "application/json" };
    const path = encodedPath(at) || "/";
    return this.#client.send({ method: "POST", path, headers, body, signal, repeatable: false }, async (answer) => {
      if (answer.status >= 300) {
        const body = await answer.text(MAX_FAULT_CHARS);
        if (answer.status === 404 && !body.startsWith("{")) throw unavailable("Sling is not up: it answered 404");
        throw slingFault(answer.status, body);
      }
      if (isPage(answer)) {
        await answer.discard();
        throw unavailable("Sling is not up: it answered with an HTML page");
      }
      const { changes = [] } = JSON.parse(await answer.text(MAX_CHANGES_CHARS)) as { changes?: readonly SlingChange[] };
      return changes;
    });
  }

  async #delete(paths: readonly string[], signal: AbortSignal | undefined): Promise<void> {
    await this.#post(
      [{ name: ":operation", text: "delete" }, ...paths.map((path) => ({ name: ":applyTo", text: path }))],
      signal,
    );
  }
}

interface SlingChange {
  readonly type: string;
  readonly argument: string;
}

/** Discards a response that means that nothing readable is there. Throws UNAVAILABLE on any other error. */
async function endOf(answer: JcrAnswer): Promise<void> {
  await answer.discard();
  const { status } = answer;
  // The page of another node whose name is a prefix of ours: see #isThere.
  if (status < 400) return;
  if (status !== 404 && status !== 403) throw unavailable(`the JCR server answered ${status}`);
}
