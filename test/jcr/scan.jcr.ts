import { expect } from "chai";
import { collect } from "../../src/core/engine/asset/asset-content.js";
import { comparePaths } from "../../src/core/asset/path.js";
import { damAsset, folder, forEachLane } from "./support/fixture.js";

/** What sorts on the wrong side of "/", means something in URLs or in DavEx's formats, or is no key for every parser. */
const NAMES = [
  "100%.dita",
  "a+b.dita",
  "with space.dita",
  "hash#tag.dita",
  "what?.dita",
  "semi;colon.dita",
  'quote".dita',
  "apostrophe'.dita",
  "\u{1f600}.dita",
  "\uff5e.dita",
  "__proto__",
  "10",
  "9",
  "..dots..",
  ".hidden",
  "x.0.json",
  "x",
  "a-b",
  "constructor",
  "%2F",
  "e\u0301.dita",
  "\u00e9.dita",
  "{curly}.dita",
  "=.dita",
  "&amp;.dita",
];

forEachLane("a scan", (at) => {
  it("yields assets and files in path order, with size, times and type, and none of their inner nodes", async () => {
    await at().files("dam", "b/2.dita", "a-b/x.ditamap", "a/z.dita");
    await at().files("file", "a/1.md", "top.xml");
    const assets = await at().scan();
    expect(assets.map(({ path }) => path.slice(at().root.length))).to.deep.equal([
      "/a/1.md",
      "/a/z.dita",
      "/a-b/x.ditamap",
      "/b/2.dita",
      "/top.xml",
    ]);
    const [md, dita, map] = assets;
    expect(md).to.include({ fileType: "MARKDOWN", sizeBytes: 6 });
    expect(dita).to.include({ fileType: "DITATOPIC", sizeBytes: 8 });
    expect(Math.abs((dita?.modifiedMs ?? 0) - Date.now())).to.be.below(600_000);
    expect(map?.fileType).to.equal("DITAMAP");
    for (const { createdMs } of assets) expect(Math.abs(createdMs - Date.now())).to.be.below(600_000);
  });

  it("keeps every name as it is, and reads each one's content", async () => {
    await at().files("dam", ...NAMES.map((name) => `n/${name}`));
    const paths = await at().paths();
    const expected = NAMES.map((name) => `n/${name}`).sort(comparePaths);
    expect(paths).to.deep.equal(expected);
    for (const path of paths) {
      const bytes = await collect(at().repository.read(`${at().root}/${path}`), path, 1_000);
      expect(new TextDecoder().decode(bytes)).to.equal(path);
    }
  });

  it("resumes after every path that it yielded with exactly the rest", async () => {
    await at().files("dam", "a/1", "a/2/x", "a/2/y", "a/2.5", "a/3", "b", "c/d/e/f");
    await at().files("file", "a/1x", "c/d/g");
    const all = await at().paths();
    expect(all).to.have.length(9);
    for (let i = 0; i < all.length; i++) {
      const after = `${at().root}/${all[i]}`;
      expect(await at().paths(undefined, { after, pageSize: 2 }), after).to.deep.equal(all.slice(i + 1));
    }
  });

  it("resumes after a path that was deleted, and after a folder that it reached", async () => {
    await at().files("file", "a/1", "a/3", "b/1", "d");
    expect(await at().paths(undefined, { after: `${at().root}/a/2` })).to.deep.equal(["a/3", "b/1", "d"]);
    expect(await at().paths(undefined, { after: `${at().root}/c/nothing/here` })).to.deep.equal(["d"]);
    expect(await at().paths(undefined, { after: `${at().root}/b` })).to.deep.equal(["b/1", "d"]);
  });

  it("leaves out excluded paths, by whole segments", async () => {
    await at().files("file", "a/1", "ab/1", "a-b/1", "c/d/1", "c/e");
    const { root } = at();
    const scope = at().scope({ excluded: [`${root}/a`, `${root}/c/d`] });
    expect(await at().paths(scope)).to.deep.equal(["a-b/1", "ab/1", "c/e"]);
  });

  it("accepts a root that is itself an asset or a file, and none that does not exist", async () => {
    await at().files("dam", "one.dita");
    await at().files("file", "two.md");
    const { root } = at();
    const scope = at().scope({ roots: [`${root}/one.dita`, `${root}/two.md`, `${root}/three`] });
    expect(await at().paths(scope)).to.deep.equal(["one.dita", "two.md"]);
  });

  it("recognises content fragments, and the type by dita_class and by the head of XML", async () => {
    const { root } = at();
    await at().files("file", ["map.xml", "<map/>"], ["topic.xml", '<?xml version="1.0"?><concept id="a"/>']);
    await at().add(`${root}/f`, folder());
    await at().add(`${root}/fragment`, damAsset("x", { contentFragment: true }));
    await at().add(`${root}/generated`, damAsset("x", {}, { dita_class: "- topic/topic concept/concept " }));
    const assets = await at().scan();
    const types = Object.fromEntries(assets.map(({ path, fileType }) => [path.slice(root.length + 1), fileType]));
    expect(types).to.deep.equal({
      fragment: "OTHERS",
      generated: "DITATOPIC",
      "map.xml": "DITAMAP",
      "topic.xml": "DITATOPIC",
    });
    expect(assets.filter(({ contentFragment }) => contentFragment).map(({ path }) => path)).to.deep.equal([
      `${root}/fragment`,
    ]);
  });

  it("lists a folder with more names than it holds in memory at once", async () => {
    const names = Array.from({ length: 450 }, (_, i) => `big/${String(i * 7919).padStart(8, "0")}`);
    await at().files("file", ...names);
    const assets = at().open({ namesAtOnce: 100 }).scan(at().scope(), { pageSize: 7 });
    const paths: string[] = [];
    for await (const page of assets)
      paths.push(...[...page.assets].map(({ path }) => path.slice(at().root.length + 1)));
    expect(paths).to.deep.equal(names.sort());
  });

  it("lists small folders together: the same assets, in the same order, and resumes after any of them with the rest", async () => {
    const names = Array.from({ length: 90 }, (_, i) => {
      const [a, b, c] = [(i * 7) % 9, (i * 5) % 4, i];
      return i % 11 === 0 ? `f${a}` + `/x${c}` : `f${a}/g${b}/${c}`;
    });
    await at().files("file", ...names, "f2-/beside", "f2/g1.md", "f3/nothing/of/note");
    await at().add(`${at().root}/f4/empty`, folder());
    const expected = [...new Set(names), "f2-/beside", "f2/g1.md", "f3/nothing/of/note"].sort(comparePaths);
    expect(await at().paths()).to.deep.equal(expected);
    for (let i = 0; i < expected.length; i += 13) {
      expect(await at().paths(undefined, { after: `${at().root}/${expected[i]}` })).to.deep.equal(
        expected.slice(i + 1),
      );
    }
    const { root } = at();
    const rest = expected.filter((name) => !name.startsWith("f2/g1/") && !name.startsWith("f5/"));
    expect(await at().paths(at().scope({ excluded: [`${root}/f2/g1`, `${root}/f5`] }))).to.deep.equal(rest);
    // Fewer than some folders have, and than they have together.
    for (const namesAtOnce of [1, 3, 12]) {
      const repository = at().open({ namesAtOnce });
      const paths: string[] = [];
      for await (const { assets } of repository.scan(at().scope(), { pageSize: 500 })) {
        paths.push(...[...assets].map(({ path }) => path.slice(root.length + 1)));
      }
      expect(paths, `${namesAtOnce} names`).to.deep.equal(expected);
    }
  });
});
