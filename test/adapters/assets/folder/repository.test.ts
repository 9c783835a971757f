import { expect } from "chai";
import fc from "fast-check";
import { FolderAssetRepository } from "../../../../src/adapters/assets/folder/index.js";
import type { AssetReference, PropertyValue } from "../../../../src/core/asset/handler-result.js";
import type { AssetWrite } from "../../../../src/core/asset/asset-result.js";
import type { Stamp } from "../../../../src/core/asset/stamp.js";
import { rejection } from "../../../support/deferred.js";
import { type FolderFixture, openFolder } from "../../../support/folder-repository.js";
import { dump } from "../../../support/sqlite-store.js";

type Properties = Record<string, PropertyValue>;

const STAMP: Stamp = { sizeBytes: 10, modifiedMs: 2_000, contentHash: "sha256:ab", handlers: { h: "1" } };

const writeOf = (path: string, over: Partial<AssetWrite> = {}): AssetWrite => ({
  path,
  properties: {},
  references: {},
  stamp: STAMP,
  jobId: "job",
  ...over,
});

describe("results of a folder repository", () => {
  let fixture: FolderFixture;
  let repository: FolderAssetRepository;
  before(async () => {
    fixture = await openFolder();
    ({ repository } = fixture);
  });
  after(() => fixture.close());

  let number = 0;
  /** A path that no other test writes about. */
  const fresh = (): string => `/${number++}.dita`;
  const resultOf = async (path: string) => (await repository.results([path]))[0];
  const propertiesOf = async (path: string): Promise<unknown> => (await resultOf(path))?.properties;

  it("are read as they were written, with stamp, job and time", async () => {
    const path = fresh();
    const before = Date.now();
    await repository.apply([
      writeOf(path, {
        properties: { title: "A", count: 3, ok: true, tags: ["x", "y"] },
        references: { h: [{ kind: "image", target: "/i.png", external: false, scope: "local", fragment: "f" }] },
      }),
    ]);
    const { at, ...rest } = (await resultOf(path)) ?? { at: 0 };
    expect(rest).to.deep.equal({
      path,
      properties: { title: "A", count: 3, ok: true, tags: ["x", "y"] },
      references: [{ kind: "image", target: "/i.png", external: false, scope: "local", fragment: "f", handler: "h" }],
      stamp: STAMP,
      jobId: "job",
    });
    expect(at).to.be.within(before - 1, Date.now() + 1);
  });

  it("belong to their own repository", async () => {
    const path = fresh();
    const other = await FolderAssetRepository.open(
      { folder: fixture.folder, mount: "/elsewhere" },
      fixture.stores.database,
    );
    await repository.apply([writeOf(path, { properties: { mine: true } })]);
    expect(await other.results([path])).to.deep.equal([undefined]);
    await other.apply([writeOf(path, { properties: { mine: false } })]);
    expect(await propertiesOf(path)).to.deep.equal({ mine: true });
  });

  describe("when enlisted", () => {
    it("vanish when the transaction is rolled back, for new and known assets, in a new repository too", async () => {
      const path = fresh();
      await repository.apply([writeOf(path, { properties: { a: 1 } })]);
      const other = await FolderAssetRepository.open(
        { folder: fixture.folder, mount: "/new" },
        fixture.stores.database,
      );
      const before = await dump(fixture.stores.database);
      const error = new Error("no");
      const writing = fixture.stores.database.write(async (tx) => {
        await repository.enlist(tx, [writeOf(path, { properties: { a: 2 } }), writeOf(fresh())]);
        await other.enlist(tx, [writeOf(path)]);
        throw error;
      });
      expect(await rejection(writing)).to.equal(error);
      expect(await dump(fixture.stores.database)).to.deep.equal(before);
      await other.apply([writeOf(path)]);
      expect((await other.results([path]))[0]?.path).to.equal(path);
    });

    it("are written for a whole chunk at once", async () => {
      const writes = Array.from({ length: 500 }, (_, i) => writeOf(`/chunk/${i}.dita`, { properties: { i } }));
      await repository.apply(writes);
      const found = await repository.results(writes.map(({ path }) => path));
      expect(found.map((result) => result?.properties.i)).to.deep.equal(writes.map((_, i) => i));
    });
  });

  describe("after a round trip", () => {
    const survives = async (first: Properties, second: Properties): Promise<void> => {
      const path = fresh();
      await repository.apply([writeOf(path, { properties: first })]);
      expect(await propertiesOf(path), "written").to.deep.equal(first);
      await repository.apply([writeOf(path, { properties: second })]);
      expect(await propertiesOf(path), "merged").to.deep.equal({ ...first, ...second });
      // A repeated merge goes through what was stored once more.
      await repository.apply([writeOf(path, { properties: { last: "x" } })]);
      expect(await propertiesOf(path), "merged twice").to.deep.equal({ ...first, ...second, last: "x" });
    };

    it("have the same numbers", async () => {
      // JSON knows no -0.
      const anyNumber = fc.double({ noNaN: true, noDefaultInfinity: true }).map((x) => x + 0);
      await fc.assert(
        fc.asyncProperty(anyNumber, anyNumber, (a, b) => survives({ a }, { b })),
        { numRuns: 60 },
      );
    });

    // Whole characters: half a surrogate pair is no text.
    const anyText = fc.string({ unit: "binary", maxLength: 12 });

    it("have the same texts", async () => {
      await fc.assert(
        fc.asyncProperty(anyText, anyText, (a, b) => survives({ a }, { b, c: [a, b] })),
        { numRuns: 150 },
      );
    });

    it("have the same texts with NUL inside", async () => {
      await survives({ a: "x\u0000y" }, { b: "\u0000", c: ["x\u0000y"] });
    });

    it("have the same property names", async () => {
      const anyKey = anyText.filter((key) => key !== "" && key !== "__proto__" && key !== "last" && !/[/\0]/.test(key));
      await fc.assert(
        fc.asyncProperty(anyKey, anyKey, (a, b) => survives({ [a]: "a", both: 1 }, { [b]: "b", both: 2 })),
        { numRuns: 150 },
      );
    });

    for (const name of [
      'quo"te',
      "it's",
      "back\\slash",
      "a.b",
      "$",
      "[0]",
      "dc:title",
      "ключ",
      "\u{1f600}",
      "a\nb",
      "a\0b",
    ]) {
      it(`have the same property named ${JSON.stringify(name)}`, () =>
        survives({ [name]: "a" }, { [name]: "b", other: 1 }));
    }

    it("have the same references with any target and fragment", async () => {
      await fc.assert(
        fc.asyncProperty(anyText, anyText, async (target, fragment) => {
          const path = fresh();
          const reference: AssetReference = { kind: "content-key", target, fragment, external: true, reltable: false };
          await repository.apply([writeOf(path, { references: { a: [reference] } })]);
          await repository.apply([writeOf(path, { references: { b: [reference] } })]);
          expect((await resultOf(path))?.references).to.have.deep.members([
            { ...reference, handler: "a" },
            { ...reference, handler: "b" },
          ]);
        }),
        { numRuns: 60 },
      );
    });

    it("are found under paths with any name", async () => {
      for (const path of [
        "/it's.dita",
        '/"q".dita',
        "/a\nb",
        "/\u{1f600}.dita",
        "/%41",
        "/\\",
        "/e\u0301",
        "/\u00e9",
      ]) {
        await repository.apply([writeOf(path, { properties: { path } })]);
        expect((await repository.results([path]))[0]).to.deep.include({ path, properties: { path } });
      }
    });
  });
});
