import { expect } from "chai";
import { comparePaths } from "../../src/core/asset/path.js";
import type { AssetHandler } from "../../src/index.js";
import { Host, processed } from "../embedding/host.js";
import { forEachLane, type JcrFixture } from "./support/fixture.js";
import { raw, rawDiff, rawForm } from "./support/raw.js";
import { WORKSPACE } from "./support/servers.js";

/**
 * Same-name siblings. Repositories that were brought from Jackrabbit 2 have them; no server here lets anybody make one, so
 * that those below were made beneath JCR, in the store of an Oak of our own.
 */

/** Below the root: assets whose folder, or whose own name, another has, too. */
const ASSETS = [
  "a.dita",
  "a.dita[2]",
  "a.dita[10]",
  "f/x.dita",
  "f[2]/x.dita",
  "f[2]/y.dita",
  "f-/x.dita",
  "f.md",
  "g[3]/h[2]/x",
];

async function makeSiblings(fixture: JcrFixture): Promise<void> {
  const { root } = fixture;
  const plain = (path: string): string => path.replace(/\[(\d+)\]/g, "~$1");
  await fixture.files("dam", ...ASSETS.map((path) => [plain(path), `content of ${path}`] as const));
  // From the deepest: what is above keeps its name until then.
  const indexed = new Set(
    ASSETS.flatMap((path) => path.split("/").map((_, i, all) => plain(all.slice(0, i + 1).join("/")))),
  );
  for (const path of [...indexed].filter((one) => /~\d+$/.test(one)).sort((a, b) => b.length - a.length)) {
    const name = path.slice(path.lastIndexOf("/") + 1).replace(/~(\d+)$/, "[$1]");
    await fixture.lane.oak?.deed({ do: "rename", path: `${root}/${path}`, name });
  }
}

forEachLane(
  "same-name siblings",
  (at) => {
    beforeEach(() => makeSiblings(at()));

    it("are scanned in path order, each under its own name with its own content, and the scan resumes after each", async () => {
      const { root, repository } = at();
      const expected = [
        "a.dita",
        "a.dita[10]",
        "a.dita[2]",
        "f/x.dita",
        "f-/x.dita",
        "f.md",
        "f[2]/x.dita",
        "f[2]/y.dita",
        "g[3]/h[2]/x",
      ];
      expect(await at().paths()).to.deep.equal(expected);
      for (const [i, path] of expected.entries()) {
        expect(await at().paths(undefined, { after: `${root}/${path}`, pageSize: 2 })).to.deep.equal(
          expected.slice(i + 1),
        );
        const pieces: Uint8Array[] = [];
        for await (const piece of repository.read(`${root}/${path}`)) pieces.push(piece);
        expect(Buffer.concat(pieces).toString()).to.equal(`content of ${path}`);
      }
      const within = at().scope({ roots: [`${root}/f[2]`], excluded: [`${root}/f[2]/x.dita`] });
      expect(await at().paths(within)).to.deep.equal(["f[2]/y.dita"]);
    });

    it("are processed, and the results of each are stored at exactly that one", async () => {
      const { root, repository } = at();
      const handler: AssetHandler = {
        name: "own",
        version: "1",
        process: async (_asset, context) => ({ properties: { read: await context.text() } }),
      };
      const host = new Host();
      try {
        const mill = await host.mill({ assets: at().open(), plugins: [handler], builtIns: false });
        const report = await processed(mill, root);
        expect([report.status, report.succeededCount]).to.deep.equal(["SUCCESS", ASSETS.length]);
        const results = await repository.results(ASSETS.map((path) => `${root}/${path}`));
        expect(results.map((result) => result?.properties.read)).to.deep.equal(
          ASSETS.map((path) => `content of ${path}`),
        );
        const below = await processed(mill, `${root}/f[2]`);
        expect([below.status, below.succeededCount]).to.deep.equal(["SUCCESS", 2]);
      } finally {
        await host.dispose();
      }
    });

    it("keep results about plain files apart", async () => {
      const { root, repository, lane } = at();
      await at().files("file", "p", "p~2");
      await lane.oak?.deed({ do: "rename", path: `${root}/p~2`, name: "p[2]" });
      const paths = [`${root}/p`, `${root}/p[2]`];
      const writes = await Promise.all(paths.map((path) => at().writeOf(path, { properties: { path } })));
      expect(await repository.apply(writes)).to.deep.equal([]);
      const results = await repository.results(paths);
      expect(results.map((result) => result?.properties.path)).to.deep.equal(paths);
    });

    it("have one name each: the first one's name with an index finds nothing that could be processed twice", async () => {
      const { root, repository, dialect } = at();
      const there = await raw(at(), "GET", `${WORKSPACE}${root}/f%5B1%5D.0.json`);
      expect([there.status, there.text.includes("x.dita")], "the server knows it").to.deep.equal([200, true]);
      const paths = [`${root}/f[1]`, `${root}/f[1]/x.dita`, `${root}/a.dita[1]`, `${root}/a.dita[3]`];
      expect(await repository.stat(paths)).to.deep.equal(paths.map(() => undefined));
      expect(await dialect.read(paths, 0)).to.deep.equal(paths.map(() => undefined));
    });

    it("get an asset that is imported below them, and are never created by an import", async () => {
      const { root, repository } = at();
      const put = async (path: string) => {
        const content = async function* () {
          yield Buffer.from("new");
        };
        const asset = { path, fileType: "OTHERS", sizeBytes: 3, createdMs: 0, modifiedMs: 1_600_000_000_000 } as const;
        const [end] = await repository.sink.put([{ asset, content }]);
        return end && ("end" in end ? end.end : `${end.code}: ${end.message}`);
      };
      expect(await put(`${root}/f[2]/new.dita`)).to.equal("created");
      expect(await put(`${root}/g[4]/new.dita`)).to.match(/^WRITE_FAILED: .*cannot create a folder named g\[4\]/);
      expect(await put(`${root}/a.dita[3]`)).to.match(/^WRITE_FAILED: not a valid JCR name/);
      expect(await at().paths()).to.deep.equal([...ASSETS, "f[2]/new.dita"].sort(comparePaths));
    });
  },
  (lane) => lane === "Oak, DavEx",
);

forEachLane(
  "a name with an index",
  (at) => {
    it("cannot be created in any way: each attempt is refused, or ends up at the node that already has the name", async () => {
      const { root, lane } = at();
      const node = '{"jcr:primaryType":"nt:unstructured"}';
      const base = `${root}/u`;
      await at().add(base, { primaryType: "nt:unstructured" });
      await at().add(`${base}/b`, { primaryType: "nt:unstructured" });
      expect((await rawDiff(at(), `+${base}/a : ${node}\n+${base}/a : ${node}`)).kind).to.equal("ItemExistsException");
      expect((await rawDiff(at(), `+${base}/a : ${node}`)).status).to.equal(200);
      for (const diff of [`+${base}/a[2] : ${node}`, `>${base}/b : ${base}/a`, `>${base}/b : ${base}/a[2]`]) {
        expect((await rawDiff(at(), diff)).status, diff).to.be.oneOf([403, 409]);
      }
      const sibling = (n: number) =>
        `<sv:node sv:name="x"><sv:property sv:name="jcr:primaryType" sv:type="Name"><sv:value>nt:unstructured</sv:value></sv:property><sv:property sv:name="n" sv:type="Long"><sv:value>${n}</sv:value></sv:property></sv:node>`;
      const view = `<sv:node xmlns:sv="http://www.jcp.org/jcr/sv/1.0" xmlns:nt="http://www.jcp.org/jcr/nt/1.0" xmlns:jcr="http://www.jcp.org/jcr/1.0" sv:name="view"><sv:property sv:name="jcr:primaryType" sv:type="Name"><sv:value>nt:unstructured</sv:value></sv:property>${sibling(1)}${sibling(2)}</sv:node>`;
      const init = { headers: { "Content-Type": "text/xml" }, body: view };
      const made = await raw(at(), "MKCOL", `${WORKSPACE}${base}/view`, init);
      expect(made.status).to.equal(201);
      if (lane.sling) {
        const headers = { Accept: "application/json" };
        const named = await raw(at(), "POST", `${base}/`, rawForm([{ name: ":name", text: "a[2]" }], headers));
        expect(named.status).to.be.at.least(400);
        const hinted = await raw(at(), "POST", `${base}/`, rawForm([{ name: ":nameHint", text: "a[2]" }], headers));
        expect([hinted.status, JSON.parse(hinted.text).path]).to.deep.equal([201, `${base}/a_2_`]);
      }
      const nodes = await at().dialect.read([base], 1);
      const names = [...(nodes[0]?.children.keys() ?? [])].sort();
      expect(names).to.deep.equal(lane.sling ? ["a", "a_2_", "b", "view"] : ["a", "b", "view"]);
      const [read] = await at().dialect.read([`${base}/view`], 1);
      expect([...(read?.children.keys() ?? [])]).to.deep.equal(["x"]);
    });
  },
  (lane) => lane.endsWith("DavEx") && !lane.startsWith("JCR_URL"),
);

forEachLane("an import to a name with an index or a bracket", (at) => {
  it("is refused in words, asset by asset, and the others are imported", async () => {
    const { root, repository } = at();
    await at().files("dam", "a");
    const bad = ["a[2]", "[", "]", "a[0]", "x[y]", "g[2]/x", "*", "p|q", "c:d", "nosuchprefix:x"];
    const incoming = [...bad, "free"].map((name) => ({
      asset: {
        path: `${root}/${name}`,
        fileType: "OTHERS",
        sizeBytes: 1,
        createdMs: 0,
        modifiedMs: 1_600_000_000_000,
      } as const,
      async *content() {
        yield Buffer.from("x");
      },
    }));
    const ends = await repository.sink.put(incoming);
    for (const [i, name] of bad.entries()) {
      const end = ends[i];
      expect(end, name).to.include({ code: "WRITE_FAILED" });
      expect(end && "message" in end ? end.message : "", name).to.match(/not a valid JCR name/);
    }
    expect(ends.at(-1)).to.include({ end: "created" });
    expect(await at().paths()).to.deep.equal(["a", "free"]);
  });
});
