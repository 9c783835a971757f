import { expect } from "chai";
import type { AssetReference, PropertyValue } from "../../src/core/asset/handler-result.js";
import { primaryTypeOf } from "../../src/adapters/assets/jcr/dialects/jcr-node.js";
import { damAsset, file, forEachLane } from "./support/fixture.js";

const PROPERTIES: Readonly<Record<string, PropertyValue>> = {
  text: "a text",
  empty: "",
  "with space": "x",
  "dc:title": "a prefix that may be registered",
  "no:such": "one that is not",
  "a[b]*|": "what no name may have",
  __proto__x: "p",
  "10": 10,
  whole: 42,
  negative: -1,
  fraction: 1.5,
  tiny: 1.5e-7,
  huge: 1e21,
  minusZero: -0,
  largest: Number.MAX_SAFE_INTEGER,
  beyond: 2 ** 60,
  yes: true,
  no: false,
  list: ["a", "b", ""],
  one: ["a"],
  oneEmpty: [""],
  none: [],
  tilde: "~",
  tildes: ["~0"],
  unicode: "\u00e9\u{1f600}\u2028\u0001 \n end ",
  "name.with-\u00e9": "y",
  json: '{"a":[1,2]} : "quoted" \\ ',
};

const reference = (target: string): AssetReference => ({ kind: "topic", target, fragment: 'a"b', external: false });

forEachLane("results", (at) => {
  for (const kind of ["dam", "file"] as const) {
    describe(`of a ${kind === "dam" ? "dam:Asset" : "plain file"}`, () => {
      it("are read as they were written", async () => {
        await at().files(kind, "a.dita");
        const path = `${at().root}/a.dita`;
        const stamp = {
          ...(await at().writeOf(path)).stamp,
          contentHash: `sha256:${"a".repeat(64)}`,
          handlers: { dita: "1", "b.c-d": "=2 \u00e9" },
        };
        const references = { dita: [reference("/x"), reference("/y")], other: [reference("https://e/\u{1f600}")] };
        const write = await at().writeOf(path, { properties: PROPERTIES, references, stamp, jobId: "job-7" });
        expect(await at().repository.apply([write])).to.deep.equal([]);
        const [result] = await at().repository.results([path]);
        expect(result?.properties).to.deep.equal(PROPERTIES);
        expect(result?.references).to.have.deep.members([
          { ...reference("/x"), handler: "dita" },
          { ...reference("/y"), handler: "dita" },
          { ...reference("https://e/\u{1f600}"), handler: "other" },
        ]);
        expect(result).to.deep.include({ path, stamp, jobId: "job-7" });
        expect(Math.abs((result?.at ?? 0) - Date.now())).to.be.below(60_000);
      });

      it("are merged: a named property is replaced whatever it was, a handler's references too, others stay", async () => {
        await at().files(kind, "a.dita");
        const path = `${at().root}/a.dita`;
        const apply = async (
          properties: Record<string, PropertyValue>,
          references: Record<string, AssetReference[]> = {},
        ): Promise<void> => {
          expect(await at().repository.apply([await at().writeOf(path, { properties, references })])).to.deep.equal([]);
        };
        await apply({ a: 1, b: ["x"], c: "c", d: "d" }, { h: [reference("/1")], g: [reference("/2")] });
        await apply({ a: ["now", "a list"], b: "now a text", d: 1.5 }, { h: [] });
        const [result] = await at().repository.results([path]);
        expect(result?.properties).to.deep.equal({ a: ["now", "a list"], b: "now a text", c: "c", d: 1.5 });
        expect(result?.references).to.deep.equal([{ ...reference("/2"), handler: "g" }]);
      });

      it("change neither the asset's modification time nor its size, and are the same if written twice", async () => {
        await at().files(kind, "a.dita");
        const path = `${at().root}/a.dita`;
        const before = await at().scan();
        const write = await at().writeOf(path, { properties: { a: 1 } });
        await at().repository.apply([write]);
        expect(await at().repository.apply([write])).to.deep.equal([]);
        expect(await at().scan()).to.deep.equal(before);
        expect((await at().repository.results([path]))[0]?.properties).to.deep.equal({ a: 1 });
      });

      it("are refused as GONE if the asset was deleted, which is not recreated; the others are written", async () => {
        await at().files(kind, "a", "b", "c");
        const paths = ["a", "b", "c"].map((name) => `${at().root}/${name}`);
        const writes = await Promise.all(paths.map((path) => at().writeOf(path, { properties: { done: true } })));
        await at().write({ kind: "delete", path: paths[1] ?? "" });
        const refused = await at().repository.apply(writes);
        expect(refused.map(({ path, code }) => [path, code])).to.deep.equal([[paths[1], "GONE"]]);
        expect(await at().repository.stat(paths.slice(1, 2))).to.deep.equal([undefined]);
        const results = await at().repository.results(paths);
        expect([results[0]?.properties, results[2]?.properties]).to.deep.equal([{ done: true }, { done: true }]);
      });

      it("are refused as CHANGED if somebody else wrote the asset meanwhile, and nothing of them is stored", async () => {
        await at().files(kind, "a", "b");
        const paths = ["a", "b"].map((name) => `${at().root}/${name}`);
        const writes = await Promise.all(paths.map((path) => at().writeOf(path, { properties: { done: true } })));
        const node = `${paths[0]}/jcr:content`;
        await at().write({ kind: "set", node, name: "jcr:lastModified", value: new Date("2040-02-02T00:00:00Z") });
        const refused = await at().repository.apply(writes);
        expect(refused.map(({ path, code }) => [path, code])).to.deep.equal([[paths[0], "CHANGED"]]);
        const [a, b] = await at().repository.results(paths);
        expect([a, b?.properties]).to.deep.equal([undefined, { done: true }]);
      });
    });
  }

  it("are written together for many assets, in few requests", async () => {
    const names = Array.from({ length: 300 }, (_, i) => `m/${String(i).padStart(4, "0")}`);
    await at().files("dam", ...names);
    const assets = await at().scan();
    const stamp = { contentHash: null, handlers: { h: "1" } };
    const writes = assets.map(({ path, sizeBytes, modifiedMs }, i) => ({
      path,
      properties: { i, list: [path] },
      references: {},
      stamp: { ...stamp, sizeBytes, modifiedMs },
      jobId: "j",
    }));
    const before = at().repository.requests;
    expect(await at().repository.apply(writes)).to.deep.equal([]);
    if (at().lane.dialect === "davex") expect(at().repository.requests - before).to.be.below(15);
    const results = await at().repository.results(assets.map(({ path }) => path));
    expect(results.map((result) => result?.properties.i)).to.deep.equal(assets.map((_, i) => i));
  });

  it("are undefined for paths without any", async () => {
    await at().files("dam", "a");
    expect(await at().repository.results([`${at().root}/a`, `${at().root}/b`, "/not:a:name[]"])).to.deep.equal([
      undefined,
      undefined,
      undefined,
    ]);
    expect(await at().repository.apply([])).to.deep.equal([]);
  });

  it("are refused for an asset that is checked in, or locked, even from above; its siblings' are written", async () => {
    const { root } = at();
    await at().files("dam", "in", "locked", "free", "deep/below");
    const all = ["in", "locked", "free", "deep/below"].map((name) => `${root}/${name}`);
    const writes = await Promise.all(all.map((path) => at().writeOf(path, { properties: { done: true } })));
    await at().mixin(`${root}/in`, "mix:versionable");
    await at().checkIn(`${root}/in`);
    await at().mixin(`${root}/locked`, "mix:lockable");
    await at().lock(`${root}/locked`, "0");
    await at().mixin(`${root}/deep`, "mix:lockable");
    await at().lock(`${root}/deep`, "infinity");
    const refused = await at().repository.apply(writes);
    expect(Object.fromEntries(refused.map(({ path, code }) => [path.slice(root.length + 1), code]))).to.deep.equal({
      in: "CHECKED_OUT",
      locked: "LOCKED",
      "deep/below": "LOCKED",
    });
    const results = await at().repository.results(all);
    expect(results.map((result) => result?.properties.done)).to.deep.equal([undefined, undefined, true, undefined]);
  });

  it("are stored where JCR has them: in the asset's jcr:content, and for files in a node of our own", async () => {
    const { root } = at();
    await at().add(`${root}/a`, damAsset("a"));
    await at().add(`${root}/f`, file("f"));
    await at().repository.apply([await at().writeOf(`${root}/a`, { properties: { hasTitle: true } })]);
    await at().repository.apply([await at().writeOf(`${root}/f`, { properties: { hasTitle: true } })]);
    const [a, f] = await at().dialect.read([`${root}/a/jcr:content`, `${root}/f/jcr:content`], 0);
    expect(a?.properties.get("assetmill_hasTitle")?.value).to.equal(true);
    expect([...(f?.properties.keys() ?? [])].filter((name) => name.startsWith("assetmill"))).to.deep.equal([]);
  });

  it("are kept for plain files in a place that does not exist yet, whose missing parents are made as Sling makes them", async () => {
    await at().files("file", "a");
    const [path, status] = [`${at().root}/a`, `${at().root}/not/there/yet`];
    const repository = at().open({ status });
    expect(await repository.apply([await at().writeOf(path, { properties: { done: true } })])).to.deep.equal([]);
    expect((await repository.results([path]))[0]?.properties).to.deep.equal({ done: true });
    const parents = [`${at().root}/not`, `${at().root}/not/there`, status];
    const nodes = await at().dialect.read(parents, 0);
    expect(nodes.map((node) => node && primaryTypeOf(node))).to.deep.equal([
      "sling:Folder",
      "sling:Folder",
      "oak:Unstructured",
    ]);
  });

  it("are kept for plain files even if several writers write for the first time at once", async () => {
    const { root } = at();
    const names = Array.from({ length: 120 }, (_, i) => `p${i}`);
    await at().files("file", ...names);
    const writes = await Promise.all(names.map((name) => at().writeOf(`${root}/${name}`, { properties: { name } })));
    // Four as of four processes, and each of them twice at once.
    const writers = Array.from({ length: 4 }, () => at().open({ status: `${root}/status` }));
    const ends = await Promise.all(
      [...writers, ...writers].map((writer, i) => writer.apply(writes.filter((_, n) => n % 8 === i))),
    );
    expect(ends.flat()).to.deep.equal([]);
    const results = await writers[0]?.results(names.map((name) => `${root}/${name}`));
    expect(results?.map((result) => result?.properties.name)).to.deep.equal(names);
  });
});
