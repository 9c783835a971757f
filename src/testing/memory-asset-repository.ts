import type { Asset } from "../core/asset.js";
import { AssetmillError } from "../core/errors.js";
import { fileTypeOfName, fileTypeOfXmlHead } from "../core/file-type.js";
import { comparePaths, isWithin } from "../core/path.js";
import type {
  AssetRepository,
  AssetResult,
  AssetWrite,
  RepositoryNode,
  ScanPage,
} from "../core/ports/asset-repository.js";
import { admits, covers, type Scope } from "../core/scope.js";

/** A repository in memory, as a specification and for tests: content by path. Results vanish with it. */
export class MemoryAssetRepository implements AssetRepository {
  readonly identity: string;
  readonly #contents: Map<string, Uint8Array>;
  /** How often each asset was set; its time of modification. */
  readonly #modified = new Map<string, number>();
  readonly #results = new Map<string, AssetResult>();
  /** Every path that `read` was asked for, in order. */
  readonly reads: string[] = [];

  constructor(contents: Readonly<Record<string, string>>, identity = "memory:test") {
    this.identity = identity;
    const encoder = new TextEncoder();
    this.#contents = new Map(Object.entries(contents).map(([path, text]) => [path, encoder.encode(text)]));
  }

  async *scan(
    scope: Scope,
    { after, pageSize, signal }: { after?: string; pageSize: number; signal?: AbortSignal },
  ): AsyncIterable<ScanPage> {
    const paths = [...this.#contents.keys()]
      .filter((path) => covers(scope, path) && (after === undefined || comparePaths(path, after) > 0))
      .sort(comparePaths);
    const assets = paths.map((path) => this.#asset(path)).filter((asset) => admits(scope.filter, asset));
    for (let i = 0; i < assets.length && !signal?.aborted; i += pageSize) {
      const page = assets.slice(i, i + pageSize);
      yield { assets: page, upTo: page.at(-1)?.path ?? "" };
    }
  }

  async stat(paths: readonly string[]): Promise<readonly (RepositoryNode | undefined)[]> {
    return paths.map((path) => {
      if (this.#contents.has(path)) return { kind: "asset", asset: this.#asset(path) };
      const isFolder = path === "/" || [...this.#contents.keys()].some((known) => isWithin(known, path));
      return isFolder ? { kind: "folder", path } : undefined;
    });
  }

  async *read(path: string): AsyncIterable<Uint8Array> {
    this.reads.push(path);
    const bytes = this.#contents.get(path);
    if (!bytes) throw new AssetmillError("GONE", "no such asset", { ids: { path } });
    yield bytes;
  }

  async apply(writes: readonly AssetWrite[]): Promise<void> {
    for (const write of writes) {
      const old = this.#results.get(write.path);
      const kept = (old?.references ?? []).filter(({ handler }) => !Object.hasOwn(write.references, handler));
      const found = Object.entries(write.references).flatMap(([handler, list]) =>
        list.map((reference) => ({ ...reference, handler })),
      );
      this.#results.set(write.path, {
        path: write.path,
        properties: { ...old?.properties, ...write.properties },
        references: [...kept, ...found],
        stamp: write.stamp,
        jobId: write.jobId,
        at: Date.now(),
      });
    }
  }

  async results(paths: readonly string[]): Promise<readonly (AssetResult | undefined)[]> {
    return paths.map((path) => this.#results.get(path));
  }

  async close(): Promise<void> {
    // Nothing is open.
  }

  /** Puts an asset there, modified now, or takes it away. */
  set(path: string, content: string | undefined): void {
    this.#modified.set(path, (this.#modified.get(path) ?? 0) + 1);
    if (content === undefined) this.#contents.delete(path);
    else this.#contents.set(path, new TextEncoder().encode(content));
  }

  #asset(path: string): Asset {
    const bytes = this.#contents.get(path) ?? new Uint8Array();
    const fileType = fileTypeOfName(path.slice(path.lastIndexOf("/") + 1));
    return {
      path,
      fileType: fileType ?? fileTypeOfXmlHead(new TextDecoder().decode(bytes.subarray(0, 4096))),
      sizeBytes: bytes.length,
      createdMs: 0,
      modifiedMs: this.#modified.get(path) ?? 0,
    };
  }
}
