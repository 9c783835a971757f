import { type Listening, listen } from "../../src/http/listen.js";
import type { HttpOptions } from "../../src/http/options.js";
import { type Assetmill, type AssetmillOptions, createAssetmill } from "../../src/index.js";
import { MemoryAssetRepository } from "../../src/testing/index.js";
import { until } from "../cli/workbench.js";
import { type Deferred, deferred } from "../support/deferred.js";
import { tempFolder } from "../support/temp-folder.js";
import { type Answer, BASE, socketClient } from "./client.js";

export const TYPE = "ASSET_PROCESSING";

/**
 * A real mill on a store of its own, listening on a socket of its own, whose assets say what becomes of them: an asset
 * that holds "fail" fails, "skip" is skipped, "wait" waits for `gate` or the signal, "stubborn" for `gate` alone.
 */
export class MillServer {
  readonly assets: MemoryAssetRepository;
  readonly gate: Deferred<void> = deferred();
  /** Paths in the order in which they were begun. */
  readonly begun: string[] = [];
  readonly #mill: Assetmill;
  readonly #server: Listening;
  readonly #remove: () => Promise<void>;
  readonly #client: Awaited<ReturnType<typeof socketClient>>;
  readonly #token: string;

  private constructor(parts: {
    assets: MemoryAssetRepository;
    gate: Deferred<void>;
    begun: string[];
    mill: Assetmill;
    server: Listening;
    remove: () => Promise<void>;
    client: Awaited<ReturnType<typeof socketClient>>;
  }) {
    this.assets = parts.assets;
    this.gate = parts.gate;
    this.begun = parts.begun;
    this.#mill = parts.mill;
    this.#server = parts.server;
    this.#remove = parts.remove;
    this.#client = parts.client;
    this.#token = parts.mill.token ?? "";
  }

  static async open(
    contents: Readonly<Record<string, string>>,
    http: Partial<HttpOptions> = {},
    options: Partial<AssetmillOptions> = {},
  ): Promise<MillServer> {
    const { folder, remove } = await tempFolder();
    const assets = new MemoryAssetRepository(contents);
    const gate = deferred();
    const begun: string[] = [];
    const mill = await createAssetmill({
      assets,
      store: `sqlite:${folder}/store.sqlite`,
      builtIns: false,
      plugins: [
        {
          name: "told",
          version: "1",
          async process({ path }, context) {
            begun.push(path);
            const text = await context.text();
            if (text === "fail") throw context.fail("TOLD_TO", `${path} was told to fail`);
            if (text === "skip") throw context.skip("told to");
            const told = new Promise<void>((resolve) => context.signal.addEventListener("abort", () => resolve()));
            if (text === "wait") await Promise.race([gate.promise, told]);
            if (text === "wait") context.signal.throwIfAborted();
            if (text === "stubborn") await gate.promise;
            return { properties: { text } };
          },
        },
      ],
      ...options,
      http,
    });
    const server = await listen(mill.fetch, { host: "127.0.0.1", port: 0, closeTimeoutMs: 200 });
    const headers = { Authorization: `Bearer ${mill.token ?? ""}` };
    const client = await socketClient(server.url, headers, http.basePath ?? BASE);
    return new MillServer({ assets, gate, begun, mill, server, remove, client });
  }

  get origin(): string {
    return this.#server.url;
  }

  get token(): string {
    return this.#token;
  }

  /** Asks below the server's origin; the answer is checked against its own OpenAPI document. */
  ask(path: string, init: RequestInit = {}): Promise<Answer> {
    return this.#client.ask(path, init);
  }

  /** GET below the base path. */
  get(path: string, headers: Record<string, string> = {}): Promise<Answer> {
    return this.ask(`${BASE}${path}`, { headers });
  }

  /** POST of JSON below the base path. */
  act(path: string, body: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    return this.#client.act(`${BASE}${path}`, body, headers);
  }

  /** POST of JSON anywhere. */
  post(path: string, body: unknown): Promise<Answer> {
    return this.#client.act(path, body);
  }

  /** The id of a job that was started; fails where it was refused. */
  async start(request: object = {}): Promise<string> {
    const { status, body } = await this.act("", { path: "/in", type: TYPE, ...request });
    if (status !== 200) throw new Error(`start: ${status} ${JSON.stringify(body)}`);
    return body.processingId as string;
  }

  async status(processingId: string): Promise<any> {
    return (await this.get(`/status?processingId=${processingId}`)).body;
  }

  /** The status object once the job has this status. */
  becomes(processingId: string, ...statuses: string[]): Promise<any> {
    return until(`${processingId} to be ${statuses.join(" or ")}`, async () => {
      const report = await this.status(processingId);
      return statuses.includes(report.status as string) ? report : undefined;
    });
  }

  ends(processingId: string): Promise<any> {
    return this.becomes(processingId, "SUCCESS", "FAILURE", "CANCELLED");
  }

  /** What the answer holds, with the credentials that its owner has, and unchecked: for bytes. */
  async bytes(path: string): Promise<Buffer> {
    const headers = { Authorization: `Bearer ${this.#token}` };
    return Buffer.from(await (await fetch(`${this.#server.url}${path}`, { headers })).arrayBuffer());
  }

  async close(): Promise<void> {
    this.gate.resolve();
    await this.#server.close();
    await this.#mill.close();
    await this.#remove();
  }
}
