import { expect } from "chai";
import fc from "fast-check";
import type { Asset } from "../../../src/core/asset/asset.js";
import { AssetColumns } from "../../../src/core/asset/asset-columns.js";
import { Column } from "../../../src/core/asset/column.js";
import { FILE_TYPES } from "../../../src/core/asset/file-type.js";
import { assetOf, pathsOf } from "../../support/builders.js";

const optional = <T>(values: fc.Arbitrary<T>) => fc.option(values, { nil: undefined });

const anyAsset: fc.Arbitrary<Asset> = fc
  .record({
    path: fc.string({ unit: "binary" }).map((name) => `/${name}`),
    fileType: fc.constantFrom(...FILE_TYPES),
    sizeBytes: fc.nat({ max: Number.MAX_SAFE_INTEGER }),
    createdMs: fc.integer(),
    modifiedMs: fc.integer(),
    changedMs: optional(fc.integer()),
    contentHash: optional(fc.constantFrom("sha256:ab", "")),
    contentFragment: optional(fc.constant(true as const)),
    unreadable: optional(fc.constant({ code: "READ_FAILED", message: "broken" } as const)),
  })
  .map((asset) => Object.fromEntries(Object.entries(asset).filter(([, value]) => value !== undefined)) as never);

const columnsOfText = (paths: string, types = "[0,0]"): AssetColumns =>
  new AssetColumns({
    paths: new Column(paths),
    types: new Column(types),
    sizes: new Column("[1,2]"),
    created: new Column("[3,4]"),
    modified: new Column("[5,6]"),
  });

describe("assets in columns", () => {
  it("are the assets that they were made of, by index and in order", () => {
    fc.assert(
      fc.property(fc.array(anyAsset, { maxLength: 20 }), (assets) => {
        const columns = AssetColumns.of(assets);
        expect(columns.length).to.equal(assets.length);
        expect([...columns]).to.deep.equal(assets);
        expect(assets.map((_, i) => columns.at(i))).to.deep.equal(assets);
        expect(assets.map((_, i) => [columns.pathAt(i), columns.typeAt(i)])).to.deep.equal(
          assets.map(({ path, fileType }) => [path, fileType]),
        );
      }),
    );
  });

  it("end with the last: there is nothing beyond, or before the first", () => {
    const columns = AssetColumns.of(pathsOf(3).map((path) => assetOf(path)));
    expect([columns.at(3), columns.at(-1), columns.pathAt(3), AssetColumns.of([]).at(0)]).to.deep.equal([
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });

  it("are read from text, which is stored as it came", () => {
    const columns = columnsOfText('["/a", "/b\\n"]');
    expect([...columns].map(({ path, sizeBytes, createdMs, modifiedMs }) => [path, sizeBytes, createdMs, modifiedMs]))
      .to //
      .deep.equal([
        ["/a", 1, 3, 5],
        ["/b\n", 2, 4, 6],
      ]);
    expect(columns.parts.paths.text).to.equal('["/a", "/b\\n"]');
  });

  it("do not parse a column that nobody asks for", () => {
    const columns = columnsOfText("no JSON");
    expect(columns.typeAt(1)).to.equal("DITATOPIC");
    expect(() => columns.pathAt(0)).to.throw(SyntaxError);
  });

  it("reject a file type that this version does not know, naming the asset", () => {
    expect(() => columnsOfText("[]", "[0,9]").at(1)).to.throw("asset 1 of the manifest has file type number 9");
  });
});
