import { expect } from "chai";
import { JcrFault } from "../../src/adapters/assets/jcr/errors.js";
import { rejection } from "../support/deferred.js";
import { damAsset, folder, forEachLane } from "./support/fixture.js";

/** What servers do that a client must not fall for, and names; see docs/decisions/0020, and read-, diff- and sling-traps. */

forEachLane(
  "DavEx",
  (at) => {
    it("names the exception, whatever the status, for missing and for existing nodes", async () => {
      const { root } = at();
      const gone = await rejection(at().write({ kind: "set", node: `${root}/gone`, name: "a", value: 1 }));
      expect(gone).to.be.instanceOf(JcrFault);
      expect(gone).to.include({ kind: "PathNotFoundException" });
      const twice = await rejection(at().add(root, folder()));
      expect(twice).to.include({ kind: "ItemExistsException" });
      const [made] = await at().dialect.read([`${root}/gone`], 0);
      expect(made).to.equal(undefined);
    });

    it("saves a diff whole or not at all", async () => {
      const { root, dialect } = at();
      await rejection(
        at().write(
          { kind: "set", node: root, name: "sling:first", value: 1 },
          { kind: "set", node: `${root}/gone`, name: "second", value: 2 },
        ),
      );
      const [node] = await dialect.read([root], 0);
      expect(node?.properties.has("sling:first")).to.equal(false);
    });

    it("reads 1,500 nodes in one call, in the order asked, and leaves out missing ones", async () => {
      const { root, dialect } = at();
      await at().files("file", ...Array.from({ length: 300 }, (_, i) => `n${i}`));
      const paths = Array.from({ length: 1_500 }, (_, i) => `${root}/n${(i * 7) % 1_500}`);
      const nodes = await dialect.read(paths, 0);
      expect(nodes.map((node) => node !== undefined)).to.deep.equal(
        paths.map((path) => Number(path.slice(root.length + 2)) < 300),
      );
    });

    it("accepts all writers that meet on one property", async () => {
      const { root } = at();
      await at().add(`${root}/a`, damAsset("a"));
      const write = await at().writeOf(`${root}/a`, { properties: { n: 1 } });
      const writers = Array.from({ length: 6 }, () => at().open());
      const refused = await Promise.all(
        writers.map((writer, n) => writer.apply([{ ...write, properties: { n, [`own${n}`]: n } }])),
      );
      expect(refused.flat()).to.deep.equal([]);
      const [result] = await at().repository.results([`${root}/a`]);
      expect(Object.keys(result?.properties ?? {}).sort()).to.deep.equal(["n", ...writers.map((_, n) => `own${n}`)]);
    });

    it("is recognised by our client, which reports it if the wrong dialect is forced on it", async () => {
      const { lane, root } = at();
      await at().files("file", "a");
      const [node] = await at()
        .open({ dialect: undefined })
        .stat([`${root}/a`]);
      expect(node?.kind).to.equal("asset");
      if (lane.oak) {
        expect(await rejection(at().open({ dialect: "sling" }).stat([root]))).to.include({ code: "INVALID_PARAMETER" });
      }
    });
  },
  (lane) => lane.includes("DavEx"),
);

forEachLane("names", (at) => {
  it("survive import, scan, read, results and stat, whatever characters they contain", async () => {
    const all = [
      "%",
      "+",
      "a b",
      "#",
      "?",
      ";",
      "\u{1f600}",
      "__proto__",
      "1.5",
      "..x",
      "a;b=1",
      "x.0.json",
      "&",
      "a'b",
      'q"q',
      "back\\slash",
      "n".repeat(2_000),
    ];
    // Sling takes what follows such a semicolon for a parameter of the address, escaped or not: it cannot make that node.
    const names = all.filter((name) => at().lane.dialect === "davex" || name !== "a;b=1");
    const incoming = names.map((name) => ({
      asset: {
        path: `${at().root}/n/${name}`,
        fileType: "OTHERS",
        sizeBytes: Buffer.byteLength(name),
        createdMs: 0,
        modifiedMs: 1_600_000_000_000,
      } as const,
      async *content() {
        yield Buffer.from(name);
      },
    }));
    const ends = await at().repository.sink.put(incoming);
    expect(ends.map((end) => ("end" in end ? end.end : end.message))).to.deep.equal(names.map(() => "created"));
    const assets = await at().scan();
    expect(assets.map(({ path }) => path.slice(at().root.length + 3)).sort()).to.deep.equal([...names].sort());
    const writes = await Promise.all(assets.map(({ path }) => at().writeOf(path, { properties: { path } })));
    expect(await at().repository.apply(writes)).to.deep.equal([]);
    const results = await at().repository.results(assets.map(({ path }) => path));
    expect(results.map((result) => result?.properties.path)).to.deep.equal(assets.map(({ path }) => path));
    const again = await at().repository.sink.put(incoming);
    expect(again.map((end) => ("end" in end ? end.end : end.message))).to.deep.equal(names.map(() => "unchanged"));
  });
});

forEachLane("an import over what is there", (at) => {
  it("overwrites nothing that somebody locked or checked in, even if a server would let it be deleted and recreated", async () => {
    const { root } = at();
    const names = ["in", "locked", "free", 'free"'];
    await at().files("dam", ...names);
    await at().mixin(`${root}/in`, "mix:versionable");
    await at().checkIn(`${root}/in`);
    await at().mixin(`${root}/locked`, "mix:lockable");
    await at().lock(`${root}/locked`, "0");
    // For empty content, or with a quote in its name, an asset is made anew.
    for (const text of ["", "other"]) {
      const ends = await at().repository.sink.put(
        names.map((name) => ({
          asset: {
            path: `${root}/${name}`,
            fileType: "OTHERS",
            sizeBytes: text.length,
            createdMs: 0,
            modifiedMs: 1_600_000_000_000,
          },
          async *content() {
            yield Buffer.from(text);
          },
        })),
      );
      expect(ends.map((end) => ("end" in end ? end.end : `${end.code}: ${end.message}`))).to.deep.equal([
        "WRITE_FAILED: it is checked in",
        "WRITE_FAILED: it is locked",
        "replaced",
        "replaced",
      ]);
    }
    const sizes = (await at().scan()).map(({ path, sizeBytes }) => [path.slice(root.length + 1), sizeBytes]);
    expect(Object.fromEntries(sizes)).to.deep.equal({ in: 2, locked: 6, free: 5, 'free"': 5 });
  });
});
