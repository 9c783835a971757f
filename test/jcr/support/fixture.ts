import { createHash, randomUUID } from "node:crypto";
import { JcrClient } from "../../../src/adapters/assets/jcr/client.js";
import { DavexDialect } from "../../../src/adapters/assets/jcr/dialects/davex-dialect.js";
import type { Change, NewNode } from "../../../src/adapters/assets/jcr/dialects/dialect.js";
import { JcrAssetRepository, type JcrOptions } from "../../../src/adapters/assets/jcr/index.js";
import { multipart } from "../../../src/adapters/assets/jcr/client/multipart.js";
import { resolveJcrOptions } from "../../../src/adapters/assets/jcr/options.js";
import type { Asset } from "../../../src/core/asset/asset.js";
import type { AssetWrite } from "../../../src/core/asset/asset-result.js";
import { type Scope, scopeOf } from "../../../src/core/asset/scope.js";
import { basic, type Lane, plannedLanes, runningLanes, WORKSPACE } from "./servers.js";

/** A lane with a folder of one's own in it, in which things are made as admin, over DavEx. */
export class JcrFixture {
  readonly lane: Lane;
  /** Of this fixture alone. */
  readonly root: string;
  readonly dialect: DavexDialect;
  readonly repository: JcrAssetRepository;
  readonly #client: JcrClient;
  readonly #opened: JcrAssetRepository[] = [];

  private constructor(lane: Lane) {
    this.lane = lane;
    this.root = `/content/t-${randomUUID().slice(0, 8)}`;
    const { origin: url, user, password } = lane;
    this.#client = new JcrClient(resolveJcrOptions({ url, user, password }));
    this.dialect = new DavexDialect(this.#client, WORKSPACE, "/");
    this.repository = this.open();
  }

  static async make(lane: Lane): Promise<JcrFixture> {
    const fixture = new JcrFixture(lane);
    await fixture.add(fixture.root, folder());
    return fixture;
  }

  /** Another client of the same server. */
  open(over: Partial<JcrOptions> = {}): JcrAssetRepository {
    const { origin: url, user, password, dialect } = this.lane;
    const repository = new JcrAssetRepository({ url, user, password, dialect, ...over });
    this.#opened.push(repository);
    return repository;
  }

  add(path: string, node: NewNode): Promise<void> {
    return this.dialect.write([{ kind: "add", path, node }]);
  }

  write(...changes: Change[]): Promise<void> {
    return this.dialect.write(changes);
  }

  /** Files, or with `dam` assets, by paths below the root; parents are made; the content is the path where none is given. */
  async files(kind: "file" | "dam", ...files: (string | readonly [path: string, content: string])[]): Promise<void> {
    const wanted = files.map((one) => (typeof one === "string" ? ([one, one] as const) : one));
    const folders = new Set<string>();
    for (const [path] of wanted) {
      const segments = path.split("/").slice(0, -1);
      segments.forEach((_, i) => folders.add(segments.slice(0, i + 1).join("/")));
    }
    for (const path of [...folders].sort()) {
      const [there] = await this.dialect.read([`${this.root}/${path}`], 0);
      if (!there) await this.add(`${this.root}/${path}`, folder());
    }
    for (let i = 0; i < wanted.length; i += 100) {
      await this.dialect.write(
        wanted.slice(i, i + 100).map(([path, content]) => ({
          kind: "add",
          path: `${this.root}/${path}`,
          node: kind === "dam" ? damAsset(content) : file(content),
        })),
      );
    }
  }

  scope(over: { roots?: readonly string[]; excluded?: readonly string[] } = {}): Scope {
    return scopeOf(over.roots ?? [this.root], over.excluded ?? [], { fileTypes: [] });
  }

  async scan(scope: Scope = this.scope(), options: { after?: string; pageSize?: number } = {}): Promise<Asset[]> {
    const assets: Asset[] = [];
    for await (const page of this.repository.scan(scope, { pageSize: 500, ...options })) assets.push(...page.assets);
    return assets;
  }

  /** Paths below the root, of all that a scan yields. */
  async paths(scope?: Scope, options?: { after?: string; pageSize?: number }): Promise<string[]> {
    return (await this.scan(scope, options)).map(({ path }) => path.slice(this.root.length + 1));
  }

  /** A write that fits the asset as it is now. */
  async writeOf(path: string, over: Partial<AssetWrite> = {}): Promise<AssetWrite> {
    const [node] = await this.repository.stat([path]);
    if (node?.kind !== "asset") throw new Error(`no asset at ${path}`);
    const { sizeBytes, modifiedMs } = node.asset;
    const stamp = { sizeBytes, modifiedMs, contentHash: null, handlers: { h: "1" } };
    return { path, properties: {}, references: {}, stamp, jobId: "job-1", ...over };
  }

  async mixin(path: string, name: string): Promise<void> {
    const part = `${path}/jcr:mixinTypes`;
    const { contentType, body } = multipart([
      { name: part, text: name, type: "jcr-value/name" },
      { name: ":diff", text: `^${part} : []` },
    ]);
    await this.#method("POST", "/", { headers: { "Content-Type": contentType }, body: body as Buffer });
  }

  checkIn(path: string): Promise<void> {
    return this.#method("CHECKIN", path);
  }

  checkOut(path: string): Promise<void> {
    return this.#method("CHECKOUT", path);
  }

  /** A lock that outlives its session. */
  lock(path: string, depth: "0" | "infinity"): Promise<void> {
    const body = `<?xml version="1.0"?><D:lockinfo xmlns:D="DAV:"><D:lockscope><D:exclusive/></D:lockscope><D:locktype><D:write/></D:locktype><D:owner>somebody</D:owner></D:lockinfo>`;
    const headers = { Depth: depth, Timeout: "Infinite", "Content-Type": "application/xml" };
    return this.#method("LOCK", path, { headers, body });
  }

  /** A user who may read, and write where told. */
  async user(name: string): Promise<void> {
    const { oak } = this.lane;
    const password = `${name}-pw`;
    if (oak) {
      await oak.deed({ do: "user", name, password });
      await oak.deed({ do: "allow", name, path: this.root, privileges: "jcr:read,rep:write,jcr:versionManagement" });
      await oak.deed({ do: "allow", name, path: "/", privileges: "jcr:read" });
      return;
    }
    await this.#form("/system/userManager/user.create.html", { ":name": name, pwd: password, pwdConfirm: password });
    await this.#ace(this.root, name, {
      "jcr:read": "granted",
      "rep:write": "granted",
      "jcr:versionManagement": "granted",
    });
    await this.#ace("/", name, { "jcr:read": "granted" });
  }

  async password(name: string, password: string): Promise<void> {
    const { oak } = this.lane;
    if (oak) await oak.deed({ do: "password", name, password });
    else
      await this.#form(`/system/userManager/user/${name}.changePassword.html`, {
        newPwd: password,
        newPwdConfirm: password,
      });
  }

  async deny(name: string, path: string, privilege: "jcr:read" | "rep:write"): Promise<void> {
    const { oak } = this.lane;
    if (oak) await oak.deed({ do: "deny", name, path, privileges: privilege });
    else await this.#ace(path, name, { [privilege]: "denied" });
  }

  /** After it was denied. */
  async allow(name: string, path: string, privilege: "jcr:read" | "rep:write"): Promise<void> {
    const { oak } = this.lane;
    if (oak) await oak.deed({ do: "allow", name, path, privileges: privilege });
    else await this.#ace(path, name, { [privilege]: "granted" });
  }

  #ace(path: string, principalId: string, privileges: Record<string, string>): Promise<void> {
    const named = Object.fromEntries(Object.entries(privileges).map(([name, value]) => [`privilege@${name}`, value]));
    return this.#form(`${path === "/" ? "/" : path}.modifyAce.html`, { principalId, ...named });
  }

  async #form(path: string, parameters: Record<string, string>): Promise<void> {
    const response = await this.fetch("POST", path, { body: new URLSearchParams(parameters) });
    const text = await response.text();
    if (response.status >= 300) throw new Error(`POST ${path}: ${response.status} ${text.slice(0, 300)}`);
  }

  async move(from: string, to: string): Promise<void> {
    const { contentType, body } = multipart([{ name: ":diff", text: `>${from} : ${to}` }]);
    await this.#method("POST", "/", { headers: { "Content-Type": contentType }, body: body as Buffer });
  }

  async #method(method: string, path: string, init: RequestInit = {}): Promise<void> {
    const response = await this.fetch(method, `${WORKSPACE}${path.split("/").map(encodeURIComponent).join("/")}`, init);
    const text = await response.text();
    if (response.status >= 300) throw new Error(`${method} ${path}: ${response.status} ${text.slice(0, 500)}`);
  }

  /** A request as admin, for what DavEx does by methods of its own. */
  fetch(method: string, path: string, init: RequestInit = {}): Promise<Response> {
    const { origin, user, password } = this.lane;
    const headers = { Authorization: basic(user, password), Referer: `${origin}/`, ...init.headers };
    return fetch(`${origin}${path}`, { ...init, method, headers });
  }

  async close(): Promise<void> {
    const address = `${WORKSPACE}${this.root.split("/").map(encodeURIComponent).join("/")}`;
    await (await this.fetch("DELETE", address)).text();
    for (const repository of this.#opened) await repository.close();
    await this.#client.close();
  }
}

/** A suite for each lane; what a given server cannot do is said, not passed over in silence. */
export function forEachLane(
  title: string,
  suite: (fixture: () => JcrFixture) => void,
  only?: (lane: string) => boolean,
): void {
  for (const name of plannedLanes()) {
    if (only && !only(name)) continue;
    describe(`${title} (${name})`, () => {
      let fixture: JcrFixture | undefined;
      beforeEach(async () => {
        const lane = runningLanes().find((one) => one.name === name);
        if (!lane) throw new Error(`the lane ${name} is not there`);
        fixture = await JcrFixture.make(lane);
      });
      afterEach(() => fixture?.close());
      suite(() => {
        if (!fixture) throw new Error("there is no fixture between tests");
        return fixture;
      });
    });
  }
}

export const folder = (): NewNode => ({ primaryType: "sling:Folder" });

const binary = (content: string | Uint8Array): (() => AsyncIterable<Uint8Array>) =>
  async function* () {
    yield Buffer.from(content);
  };

const resource = (content: string | Uint8Array): NewNode => ({
  primaryType: "nt:resource",
  properties: { "jcr:mimeType": "application/octet-stream", "jcr:data": { binary: binary(content) } },
});

export const file = (content: string | Uint8Array): NewNode => ({
  primaryType: "nt:file",
  children: { "jcr:content": resource(content) },
});

export const damAsset = (
  content: string | Uint8Array,
  properties: NewNode["properties"] = {},
  metadata: NewNode["properties"] = {},
): NewNode => ({
  primaryType: "dam:Asset",
  children: {
    "jcr:content": {
      primaryType: "dam:AssetContent",
      properties: { "jcr:lastModified": new Date("2026-01-07T10:11:12.000Z"), ...properties },
      children: {
        metadata: {
          primaryType: "nt:unstructured",
          properties: {
            "dam:size": Buffer.from(content as string).length,
            "dam:sha1": createHash("sha1").update(content).digest("hex"),
            ...metadata,
          },
        },
        related: { primaryType: "nt:unstructured" },
        renditions: {
          primaryType: "nt:folder",
          children: { original: { primaryType: "nt:file", children: { "jcr:content": resource(content) } } },
        },
      },
    },
  },
});
