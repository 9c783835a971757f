import { expect } from "chai";
import pLimit from "p-limit";
import { type AssetResult, createAssetmill } from "../../src/index.js";

const AT_ONCE = 8;

/** Where assets and the results about them are. */
export interface Place {
  readonly assets: string;
  readonly store: string;
}

type Results = readonly (AssetResult | undefined)[];

/** What processing wrote about each path. */
export async function resultsIn(place: Place, paths: readonly string[]): Promise<Results> {
  const mill = await createAssetmill({ ...place, autoStart: false });
  try {
    const turns = pLimit(AT_ONCE);
    return await Promise.all(paths.map((path) => turns(() => mill.operator.results(path))));
  } finally {
    await mill.close();
  }
}

/** Properties, references and stamps are the same; not the time of writing, nor that the operator tells what is gone. */
export function expectSameResults(before: Results, after: Results): void {
  const shown = (results: Results) =>
    results.map((result) => result && { ...result, at: undefined, exists: undefined });
  expect(shown(after)).to.deep.equal(shown(before));
  const found = after.filter((result) => result && Object.keys(result.properties).length > 0);
  expect(found.length, "assets with properties").to.be.greaterThan(before.length / 4);
}
