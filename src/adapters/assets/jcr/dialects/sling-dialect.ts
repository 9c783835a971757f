import { nameOf } from "../../../../core/asset/asset.js";
import { childPath, parentPath } from "../../../../core/asset/path.js";
import { isPage, type JcrAnswer, type JcrClient } from "../client.js";
import type { Change, JcrDialect, VisitChild } from "./dialect.js";
import { JcrFault, slingFault, unavailable } from "../errors.js";
import { ancestorsOf, encodedPath, isReadablePath } from "./jcr-names.js";
import { isTrue, type JcrNode, NodeBuilder } from "./jcr-node.js";
import { isJsonObject, streamMembers } from "../client/json-stream.js";
import { multipart, type Part } from "../client/multipart.js";
import { addressOf, contentsFirst, holdsEmpty, importOf, partsOf } from "./sling-form.js";

const MAX_FAULT_CHARS = 64 * 1024;
const MAX_CHANGES_CHARS = 16 * 1024 * 1024;
/** Of more than 10,000 Sling drops the rest, and says nothing. */
const MAX_PARAMETERS = 4_000;
/**
 * Stands before the depth: of `/x.1.json` and a node `x.1` Sling would take the node. Selectors that it does not know it
 * passes over.
 */
const OURS = "assetmill";

/** Sling's own GET and POST, where there is no remoting: a request for each node read, dates in seconds, one commit a POST. */
export class SlingDialect implements JcrDialect {
  readonly name = "sling";
  readonly #client: JcrClient;
  readonly #root: string;

  constructor(client: JcrClient, root: string) {
    this.#client = client;
    this.#root = root;
  }

  /** Names alone would do, but Sling tells them only with each child's properties; as one text, made in its memory. */
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

  /** A Sling that is starting answers 404 whatever it is asked: what is not there has to be told from that. */
  async #expectUp(signal: AbortSignal | undefined): Promise<void> {
    const root = await this.#get(`${OURS}.0`, this.#root, signal, async (answer) => {
      await answer.discard();
      return !isPage(answer);
    });
    if (!root) throw unavailable(`no Sling is there now: it does not show ${this.#root}`);
  }

  async lockedBelow(folders: readonly string[], signal?: AbortSignal): Promise<readonly boolean[]> {
    const paths = [...new Set(folders.flatMap(ancestorsOf))];
    const nodes = await this.read(paths, 0, signal);
    const locked = new Set(paths.filter((_, i) => isTrue(nodes[i], "jcr:lockIsDeep")));
    return folders.map((folder) => ancestorsOf(folder).some((path) => locked.has(path)));
  }

  async write(changes: readonly Change[], signal?: AbortSignal): Promise<void> {
    if (changes.length === 0) return;
    // A quote in a parameter's name reaches Sling with its backslash: such a node is written by an address of its own.
    const awkward = new Map<string, Change[]>();
    for (const change of changes) {
      if (change.kind === "add" && holdsEmpty(change.node)) continue;
      const node = addressOf(change);
      if (/["\\]/.test(node)) awkward.set(node, [...(awkward.get(node) ?? []), change]);
    }
    const deleted = new Set(changes.flatMap((change) => (change.kind === "delete" ? [change.path] : [])));
    for (const [node, own] of awkward) {
      // Nothing at its own address says that a node is to go.
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

  /** One commit. With `at` names are relative to that node. */
  async #save(changes: readonly Change[], at: string | undefined, signal: AbortSignal | undefined): Promise<void> {
    const parts = contentsFirst(changes.flatMap(partsOf)).map((part) =>
      at === undefined ? part : { ...part, name: part.name.slice(at.length + 1) },
    );
    if (parts.length > MAX_PARAMETERS) throw new JcrFault(413, undefined, `more than ${MAX_PARAMETERS} parameters`);
    const made = changes.flatMap((change) => (change.kind === "add" ? [change.path] : []));
    const done = await this.#post(parts, signal, at);
    const created = done.filter(({ type }) => type === "created").map(({ argument }) => argument);
    // It makes nodes that are missing, in silence: what was deleted meanwhile must not come back.
    const unwanted = created.filter((path) => !made.some((root) => path === root || path.startsWith(`${root}/`)));
    if (unwanted.length > 0) {
      await this.#delete(unwanted, signal);
      throw new JcrFault(409, "PathNotFoundException", unwanted.join(", "));
    }
    const touched = new Set(done.map(({ argument }) => argument));
    const missed = changes.find((change) => change.kind === "set" && !touched.has(childPath(change.node, change.name)));
    if (missed?.kind === "set")
      throw new JcrFault(500, "NotDone", `${childPath(missed.node, missed.name)} was passed over`);
  }

  async content(node: string, signal?: AbortSignal): Promise<AsyncIterable<Uint8Array> | undefined> {
    if (!isReadablePath(node)) return undefined;
    const path = `${encodedPath(node)}/jcr%3Adata`;
    const answer = await this.#client.open({ method: "GET", path, signal, redirectsTell: true });
    // A property is served as it is; anything else is some other node's page.
    if (answer.status === 200 && !/json|html|xml|text/.test(answer.header("content-type") ?? "")) return answer.body;
    if (answer.status === 200) await answer.discard();
    else await endOf(answer);
    return undefined;
  }

  /**
   * Whether a node is there. A missing `/x.json/y` is answered by a node `/x`, as if that had been asked for; a property
   * of its own only what is there has.
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
      await endOf(answer);
      return undefined;
    });
  }

  /** An empty file that is posted is passed over; in a JSON that is imported an empty binary is one. */
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
        if (answer.status === 404 && !body.startsWith("{")) throw unavailable("no Sling is there now: it answered 404");
        throw slingFault(answer.status, body);
      }
      if (isPage(answer)) {
        await answer.discard();
        throw unavailable("no Sling is there now: it answered a page for people");
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

/** Ends an answer without content: nothing is there, or nothing readable. Anything else is the server's trouble. */
async function endOf(answer: JcrAnswer): Promise<void> {
  await answer.discard();
  const { status } = answer;
  // A page about some other node, of which ours would have been a part: see #isThere.
  if (status < 400) return;
  if (status !== 404 && status !== 403) throw unavailable(`the JCR server answered ${status}`);
}
