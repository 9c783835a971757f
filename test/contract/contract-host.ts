import { MemoryAssetRepository } from "../../src/testing/index.js";
import type { AssetHandler, Assetmill, AssetmillOptions, StartRequest } from "../../src/index.js";
import { Host } from "../embedding/host.js";

/** A handler that does as it is told, by path; nothing to do is a success. */
export const handlerOf = (process: AssetHandler["process"], over: Partial<AssetHandler> = {}): AssetHandler => ({
  name: "own",
  version: "1",
  process,
  ...over,
});

export const request = (over: Partial<StartRequest> = {}): StartRequest => ({
  path: "/a",
  type: "ASSET_PROCESSING",
  ...over,
});

/** `/a/0.txt`, `/a/1.txt`, …: each holds its own path. */
export const tree = (count: number, folder = "/a"): Record<string, string> =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`${folder}/${i}.txt`, `${folder}/${i}.txt`]));

/** Mills on one store, with a handler of the test's own. */
export class ContractHost extends Host {
  /** Every path that a handler was given, in order. */
  readonly handled: string[] = [];

  async over(
    contents: Readonly<Record<string, string>>,
    process: AssetHandler["process"] = () => undefined,
    options: Partial<AssetmillOptions> & { readonly handler?: Partial<AssetHandler> } = {},
  ): Promise<Assetmill & { readonly assets: MemoryAssetRepository }> {
    const { handler, ...rest } = options;
    const assets = new MemoryAssetRepository(contents);
    const journal: AssetHandler["process"] = (asset, context) => {
      this.handled.push(asset.path);
      return process(asset, context);
    };
    const mill = await this.mill({ assets, plugins: [handlerOf(journal, handler)], builtIns: false, ...rest });
    return Object.assign(mill, { assets });
  }
}

/** The code of the refusal; fails where there was none. */
export async function refusal(asked: Promise<unknown>): Promise<string> {
  const error = await asked.then(
    () => new Error("it was not refused"),
    (caught: unknown) => caught as Error,
  );
  return (error as { code?: string }).code ?? String(error);
}
