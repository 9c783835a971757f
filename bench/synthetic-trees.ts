import type { Asset } from "../src/core/asset/asset.js";
import type { Scope } from "../src/core/asset/scope.js";
import { SyntheticRepository } from "./synthetic-repository.js";

/** Generates a tree of assets below each of several roots, so that jobs over them do not overlap. */
export class SyntheticTrees extends SyntheticRepository {
  readonly #counts: ReadonlyMap<string, number>;

  constructor(counts: ReadonlyMap<string, number>) {
    super(0);
    this.#counts = counts;
  }

  override async *scan(
    { roots: [root = ""] }: Scope,
    { after, pageSize, signal }: { after?: string; pageSize: number; signal?: AbortSignal },
  ) {
    const count = this.#counts.get(root) ?? 0;
    const begin = after === undefined ? 0 : Number(/(\d+)\.dita$/.exec(after)?.[1]) + 1;
    for (let i = begin; i < count && !signal?.aborted; i += pageSize) {
      const assets = Array.from({ length: Math.min(pageSize, count - i) }, (_, j): Asset => {
        const at = 1_700_000_000_000 + i + j;
        const path = `${root}/asset-${String(i + j).padStart(8, "0")}.dita`;
        return { path, fileType: "DITATOPIC", sizeBytes: 4096, createdMs: at, modifiedMs: at };
      });
      yield { assets, upTo: assets.at(-1)?.path ?? "" };
    }
  }
}
