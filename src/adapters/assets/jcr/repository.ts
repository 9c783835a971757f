import type { Asset } from "../../../core/asset/asset.js";
import { decodeHead } from "../../../core/asset/decode-text.js";
import { AssetmillError, invalidParameter, isUnavailable } from "../../../core/errors.js";
import { type FileType, fileTypeOfXmlHead } from "../../../core/asset/file-type.js";
import type { AssetResult, AssetWrite, RefusedWrite } from "../../../core/asset/asset-result.js";
import type { AssetRepository, RepositoryNode, ScanOptions, ScanPage } from "../../../core/ports/asset-repository.js";
import type { AssetSink } from "../../../core/ports/asset-sink.js";
import type { Scope } from "../../../core/asset/scope.js";
import { assetOf } from "./asset-mapper.js";
import { type AssetNodes, binaryPath, brokenAsset, isAssetNode, readAssets } from "./asset-nodes.js";
import { JcrClient } from "./client.js";
import type { JcrDialect } from "./dialects/dialect.js";
import { JcrSink } from "./sink.js";
import { JcrFault, unavailable } from "./errors.js";
import { isContent } from "./scan/prefetch.js";
import { scanJcr } from "./scan.js";
import { jcrIdentity, type JcrOptions, type ResolvedJcrOptions, resolveJcrOptions } from "./options.js";
import { probe } from "./dialects/probe.js";
import { JcrResults } from "./results.js";
import { headOf } from "./client/head.js";
import { SharedCall } from "./client/shared-call.js";

/** How long to wait for the server at the start. */
const MEET_MS = 10_000;
const HEAD_BYTES = 4_096;
/** How long a start looks for the first asset, whose kind tells what results need. */
const FIRST_ASSET_MS = 3_000;

/** A JCR repository (AEM, Sling, Oak), over HTTP. Results are stored on the nodes and cannot join the store's transactions. */
export class JcrAssetRepository implements AssetRepository {
  readonly identity: string;
  readonly sink: AssetSink = new JcrSink(async (signal) => (await this.#speak({ signal })).dialect);
  readonly #options: ResolvedJcrOptions;
  readonly #client: JcrClient;
  #spoken: SharedCall<Spoken> | undefined;
  /** The kind of asset read last: most repositories hold one kind only. */
  #kind: AssetNodes["kind"] = "asset";

  /** Throws INVALID_PARAMETER naming the option. Sends no request yet. */
  constructor(options: JcrOptions) {
    this.#options = resolveJcrOptions(options);
    this.identity = jcrIdentity(this.#options);
    this.#client = new JcrClient(this.#options);
  }

  /**
   * Contacts the server. Throws INVALID_PARAMETER naming `field` if it rejects the user, or speaks no protocol we know. A
   * server that is unreachable now is no error: it may be back when it is needed.
   */
  async meet(field = "assets"): Promise<void> {
    const late = AbortSignal.timeout(MEET_MS);
    try {
      await this.#speak({ refuses: true, once: true, signal: late });
    } catch (error) {
      if (late.aborted || isUnavailable(error)) return;
      throw invalidParameter(field, isRefusal(error) ? reasonOf(error) : this.#client.unreachable(error).message);
    }
  }

  /** Requests sent so far, retries included. */
  get requests(): number {
    return this.#client.requests;
  }

  async *scan(scope: Scope, options: ScanOptions): AsyncIterable<ScanPage> {
    const { signal } = options;
    const spoken = await this.#speak({ signal }).catch((error: unknown) => {
      if (signal?.aborted) return undefined;
      throw error;
    });
    if (!spoken) return;
    const { dialect } = spoken;
    yield* told(scanJcr(scope, options, { dialect, assetsOf: this.#assetsOf, namesAtOnce: this.#options.namesAtOnce }));
  }

  async stat(paths: readonly string[], signal?: AbortSignal): Promise<readonly (RepositoryNode | undefined)[]> {
    const { dialect } = await this.#speak({ refuses: true, signal });
    const nodes = await readAssets(dialect, paths, signal);
    const others = await Promise.all(
      paths.map(async (path, i) => (nodes[i] ? undefined : this.#other(path, dialect, signal))),
    );
    const found = paths.map((_, i) => nodes[i] ?? others[i]);
    const assets = await this.#assetsOf(
      found.filter((one): one is AssetNodes => one !== undefined && one !== "folder"),
      signal,
    );
    const byPath = new Map(assets.map((asset) => [asset.path, asset]));
    return paths.map((path, i) => {
      const asset = byPath.get(path);
      if (asset) return { kind: "asset", asset };
      return found[i] === "folder" ? { kind: "folder", path } : undefined;
    });
  }

  async names(folder: string, most: number, signal?: AbortSignal): Promise<readonly string[] | undefined> {
    if (folder.split("/").includes("jcr:content")) return undefined;
    const { dialect } = await this.#speak({ signal });
    // A listing that broke off starts again: names may come twice.
    const names = new Set<string>();
    const visit = (name: string): boolean => {
      if (isContent(folder, name, NOTHING_EXCLUDED)) names.add(name);
      return names.size < most;
    };
    try {
      const node = await dialect.list(folder, visit, signal);
      return node && !isAssetNode(node) ? [...names] : undefined;
    } catch (error) {
      if (error instanceof JcrFault) return undefined;
      throw error;
    }
  }

  async *read(path: string, signal?: AbortSignal): AsyncIterable<Uint8Array> {
    const { dialect } = await this.#speak({ signal });
    try {
      const content = await this.#content(dialect, path, signal);
      if (!content) throw await this.#unreadable(path, signal);
      yield* content;
    } catch (error) {
      if (signal?.aborted || AssetmillError.is(error)) throw error;
      if (error instanceof JcrFault)
        throw new AssetmillError("READ_FAILED", error.message, { ids: { path }, cause: error });
      throw this.#client.unreachable(error);
    }
  }

  async apply(writes: readonly AssetWrite[], signal?: AbortSignal): Promise<readonly RefusedWrite[]> {
    const { results } = await this.#speak({ signal });
    return results.apply(writes, signal);
  }

  async results(paths: readonly string[], signal?: AbortSignal): Promise<readonly (AssetResult | undefined)[]> {
    const { results } = await this.#speak({ signal });
    return results.results(paths, signal);
  }

  /**
   * Makes the place for results about plain files if the scope begins with one: a scope of assets that take results
   * themselves needs no rights there.
   */
  async prepare(scope: Scope): Promise<void> {
    const { dialect, results } = await this.#speak({ refuses: true });
    const path = await this.#firstOf(scope);
    const [nodes] = path === undefined ? [] : await readAssets(dialect, [path]);
    if (nodes?.kind !== "file") return;
    try {
      await results.prepare(nodes.path);
    } catch (error) {
      if (AssetmillError.is(error) && !isUnavailable(error)) throw invalidParameter("assets", error.message);
      throw error;
    }
  }

  /** Returns the scope's first asset; undefined if none is found soon, or the scan fails, which is the job's to say. */
  async #firstOf(scope: Scope): Promise<string | undefined> {
    const soon = AbortSignal.timeout(FIRST_ASSET_MS);
    try {
      for await (const { assets } of this.scan(scope, { pageSize: 1, signal: soon })) {
        for (const { path } of assets) return path;
      }
    } catch (error) {
      if (!AssetmillError.is(error) && !soon.aborted) throw error;
    }
    return undefined;
  }

  close(): Promise<void> {
    return this.#client.close();
  }

  /**
   * Detects the server's dialect once, as soon as the server is reachable. A server without one, or one that rejects the
   * user, causes INVALID_PARAMETER only if a person waits for the answer (`refuses`). Running jobs get UNAVAILABLE: they wait
   * and fail no asset.
   */
  async #speak({ refuses = false, once = false, signal }: Asking): Promise<Spoken> {
    try {
      return await this.#ask(once, signal);
    } catch (error) {
      throw isRefusal(error) && !refuses ? unavailable(reasonOf(error), error) : error;
    }
  }

  async #ask(once: boolean, signal: AbortSignal | undefined): Promise<Spoken> {
    const spoken = (this.#spoken ??= new SharedCall(async (stop) => {
      const dialect = await probe(this.#client, this.#options, { signal: stop, once });
      const { status } = this.#options;
      return { dialect, results: new JcrResults({ dialect, status, nowMs: () => this.#client.serverNowMs }) };
    }));
    try {
      return await spoken.answer(signal);
    } catch (error) {
      if (this.#spoken === spoken) this.#spoken = undefined;
      throw error;
    }
  }

  readonly #assetsOf = (nodes: readonly AssetNodes[], signal?: AbortSignal): Promise<readonly Asset[]> =>
    Promise.all(
      nodes.map(async (one) => {
        const asset = assetOf(one);
        return { ...asset, fileType: asset.fileType ?? (await this.#sniff(one, signal)) };
      }),
    );

  /** Classifies a path that is not an intact asset: a folder, a broken asset, or neither, such as a part of an asset. */
  async #other(
    path: string,
    dialect: JcrDialect,
    signal: AbortSignal | undefined,
  ): Promise<"folder" | AssetNodes | undefined> {
    if (path.split("/").includes("jcr:content")) return undefined;
    const node = await dialect.list(path, () => false, signal);
    if (!node) return undefined;
    return isAssetNode(node) ? brokenAsset(path, node) : "folder";
  }

  async #content(
    dialect: JcrDialect,
    path: string,
    signal: AbortSignal | undefined,
  ): Promise<AsyncIterable<Uint8Array> | undefined> {
    const kinds = this.#kind === "asset" ? (["asset", "file"] as const) : (["file", "asset"] as const);
    for (const kind of kinds) {
      const content = await dialect.content(binaryPath(path, kind), signal);
      if (!content) continue;
      this.#kind = kind;
      return content;
    }
    return undefined;
  }

  async #unreadable(path: string, signal: AbortSignal | undefined): Promise<AssetmillError> {
    const [node] = await this.stat([path], signal);
    return node?.kind === "asset"
      ? new AssetmillError("READ_FAILED", "the asset has no original rendition, or none that this user may read", {
          ids: { path },
        })
      : new AssetmillError("GONE", "asset not found", { ids: { path } });
  }

  /** Finds the type by the head of an XML file. Content that is missing or refused fails when it is read, not the scan. */
  async #sniff({ path, kind }: AssetNodes, signal: AbortSignal | undefined): Promise<FileType> {
    const { dialect } = await this.#speak({ signal });
    const content = await dialect.content(binaryPath(path, kind), signal).catch((error: unknown) => {
      if (error instanceof JcrFault) return undefined;
      throw error;
    });
    if (!content) return "OTHERS";
    try {
      return fileTypeOfXmlHead(decodeHead(await headOf(content, HEAD_BYTES), path));
    } catch (error) {
      if (signal?.aborted) throw error;
      throw this.#client.unreachable(error);
    }
  }
}

const NOTHING_EXCLUDED: ReadonlySet<string> = new Set();

const isRefusal = (error: unknown): error is AssetmillError =>
  AssetmillError.is(error) && error.code === "INVALID_PARAMETER";

const reasonOf = (refusal: AssetmillError): string => refusal.fields[0]?.message ?? refusal.message;

interface Asking {
  readonly refuses?: boolean;
  /** Do not retry. */
  readonly once?: boolean;
  readonly signal?: AbortSignal | undefined;
}

interface Spoken {
  readonly dialect: JcrDialect;
  readonly results: JcrResults;
}

/** Converts a fault of a listing, which is about no single asset, and so ends the scan. */
async function* told(walk: AsyncIterable<ScanPage>): AsyncIterable<ScanPage> {
  try {
    yield* walk;
  } catch (error) {
    if (!(error instanceof JcrFault)) throw error;
    throw new AssetmillError("READ_FAILED", `the JCR server refused to list a folder: ${error.message}`, {
      cause: error,
    });
  }
}
