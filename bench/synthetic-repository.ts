import type { Asset } from "../src/core/asset/asset.js";
import type { AssetResult, AssetWrite, RefusedWrite } from "../src/core/asset/asset-result.js";
import type { AssetRepository, RepositoryNode } from "../src/core/ports/asset-repository.js";
import type { Scope } from "../src/core/asset/scope.js";

/** Generates `count` assets in path order, page by page, so that the benchmark measures assetmill and not a disk. */
export class SyntheticRepository implements AssetRepository {
  readonly identity: string;
  readonly #count: number;
  stamps = 0;

  constructor(count: number) {
    this.#count = count;
    this.identity = `synthetic:${count}`;
  }

  static path(i: number): string {
    const folder = String(Math.floor(i / 1000)).padStart(6, "0");
    return `/content/dam/folder-${folder}/asset-${String(i).padStart(8, "0")}.dita`;
  }

  static asset(i: number): Asset {
    const at = 1_700_000_000_000 + i;
    return { path: SyntheticRepository.path(i), fileType: "DITATOPIC", sizeBytes: 4096, createdMs: at, modifiedMs: at };
  }

  async *scan(_scope: Scope, { after, pageSize, signal }: { after?: string; pageSize: number; signal?: AbortSignal }) {
    const begin = after === undefined ? 0 : Number(/(\d+)\.dita$/.exec(after)?.[1]) + 1;
    for (let i = begin; i < this.#count && !signal?.aborted; i += pageSize) {
      const page: Asset[] = [];
      for (let j = i; j < Math.min(i + pageSize, this.#count); j++) page.push(SyntheticRepository.asset(j));
      yield { assets: page, upTo: page.at(-1)?.path ?? "" };
    }
  }

  async stat(paths: readonly string[]): Promise<readonly (RepositoryNode | undefined)[]> {
    return paths.map((path) => ({ kind: "folder", path }));
  }

  async *read(): AsyncIterable<Uint8Array> {}

  async apply(writes: readonly AssetWrite[]): Promise<readonly RefusedWrite[]> {
    this.stamps += writes.length;
    return [];
  }

  async results(paths: readonly string[]): Promise<readonly (AssetResult | undefined)[]> {
    return paths.map(() => undefined);
  }

  async close(): Promise<void> {}
}
