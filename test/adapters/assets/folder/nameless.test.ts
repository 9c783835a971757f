import { expect } from "chai";
import { mkdir, rename, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { FolderReader } from "../../../../src/adapters/assets/folder/index.js";
import type { Asset } from "../../../../src/core/asset/asset.js";
import { comparePaths } from "../../../../src/core/asset/path.js";
import { scopeOf } from "../../../../src/core/asset/scope.js";
import { writeOf } from "../../../../src/testing/conformance/job-steps.js";
import { rejection } from "../../../support/deferred.js";
import { type FolderFixture, openFolder, scanned } from "../../../support/folder-repository.js";

const FILE = "the file name is not UTF-8";
const FOLDER = "the folder's name is not UTF-8";
const TARGET = "the link leads to a name that is not UTF-8";

/** Each path with the reason why it cannot be read, if so. */
const told = (assets: readonly Asset[]): (readonly [string, string?])[] =>
  assets.map(({ path, unreadable }) => (unreadable ? [path, `${unreadable.code} ${unreadable.message}`] : [path]));

const failed = (path: string, message = FILE): readonly [string, string] => [path, `READ_FAILED ${message}`];

describe("a name in a folder that is not UTF-8", function () {
  let fixture: FolderFixture;

  /** A place in the tree, with one byte for each unit. */
  const place = (name: string): Buffer =>
    Buffer.concat([Buffer.from(join(fixture.folder, "/")), Buffer.from(name, "latin1")]);
  const scan = (root: string, excluded: readonly string[] = []): Promise<Asset[]> =>
    scanned(fixture.repository, scopeOf([root], excluded, { fileTypes: ["DITATOPIC"] }));
  const read = async (path: string): Promise<void> => {
    for await (const _ of fixture.repository.read(path));
  };

  beforeEach(async function () {
    fixture = await openFolder({ hidden: false });
    await fixture.files("in/b.dita", "in/a\ufffd.dita", "in/z/c.dita");
    try {
      await writeFile(place("in/a\xff.dita"), "x");
    } catch {
      // Some file systems take only UTF-8.
      this.skip();
    }
    await writeFile(place("in/a\xfe.dita"), "y");
    await writeFile(place("in/\xc3\xa9\xe9\xe2\x82.dita"), "é, and parts of characters");
    await writeFile(place("in/.\xff"), "hidden");
    await mkdir(place("in/n\xff"));
    await writeFile(place("in/n\xff/d.dita"), "z");
  });
  afterEach(() => fixture.close());

  const ALL = [
    failed("/in/a\\xfe.dita"),
    failed("/in/a\\xff.dita"),
    ["/in/a\ufffd.dita"],
    ["/in/b.dita"],
    failed("/in/n\\xff", FOLDER),
    ["/in/z/c.dita"],
    failed("/in/é\\xe9\\xe2\\x82.dita"),
  ];

  it("makes what bears it one entry of its own that cannot be read, by a path that shows its bytes", async () => {
    const assets = await scan("/");
    expect(told(assets)).to.deep.equal(ALL);
    const paths = assets.map(({ path }) => path);
    expect(paths).to.deep.equal(paths.toSorted(comparePaths));
  });

  it("lets a scan resume after each such path", async () => {
    for (const [i, [path]] of ALL.entries()) {
      const rest = await fixture.paths(["/"], path === undefined ? {} : { after: path });
      expect(rest, path).to.deep.equal(ALL.slice(i + 1).map(([later]) => later));
    }
  });

  it("can be asked for by the path that a scan yields: looked up, as a root, and excluded", async () => {
    const assets = await scan("/");
    const nodes = await fixture.repository.stat(assets.map(({ path }) => path));
    expect(nodes).to.deep.equal(assets.map((asset) => ({ kind: "asset", asset })));
    for (const entry of ALL) {
      expect(told(await scan(String(entry[0])))).to.deep.equal([entry]);
      expect(told(await scan("/", [String(entry[0])]))).to.deep.equal(ALL.filter((other) => other !== entry));
    }
  });

  it("is told when its content is read", async () => {
    for (const [path, message] of [
      ["/in/a\\xff.dita", FILE],
      ["/in/n\\xff", FOLDER],
    ] as const) {
      expect(await rejection(read(path))).to.deep.include({ code: "READ_FAILED", message });
      expect(() => fixture.repository.fileOf(path)).to.throw(message);
    }
  });

  it("is not there under other names, nor below itself", async () => {
    const paths = ["/in/a\\xfd.dita", "/in/a\ufffd\ufffd.dita", "/in/n\\xff/d.dita", "/none/a\\xff.dita", "/\\xff"];
    expect(await fixture.repository.stat(paths)).to.deep.equal(paths.map(() => undefined));
    for (const path of paths) expect(await rejection(read(path))).to.deep.include({ code: "GONE" });
  });

  it("gives way to a name that is literally the same, and is told beside it", async () => {
    await fixture.files("in/a\\xff.dita");
    const expected = [...ALL.slice(0, 1), failed("/in/a\\\\xff.dita"), ["/in/a\\xff.dita"], ...ALL.slice(2)].sort(
      (a, b) => comparePaths(String(a[0]), String(b[0])),
    );
    expect(told(await scan("/"))).to.deep.equal(expected);
    await read("/in/a\\xff.dita");
    expect(await rejection(read("/in/a\\\\xff.dita"))).to.deep.include({ code: "READ_FAILED", message: FILE });
  });

  it("is told apart from another whose bytes and letters look the same", async () => {
    await mkdir(join(fixture.folder, "same"));
    await writeFile(place("same/\\xfe\xff.dita"), "x");
    await writeFile(place("same/\xfe\\xff.dita"), "y");
    const both = [failed("/same/\\\\xfe\\xff.dita"), failed("/same/\\xfe\\xff.dita")];
    expect(told(await scan("/same"))).to.deep.equal(both);
    for (const one of both) expect(told(await scan(one[0]))).to.deep.equal([one]);
  });

  it("does not hide a link that leads to it", async () => {
    await mkdir(join(fixture.folder, "links"));
    await symlink(place("in/a\xff.dita"), join(fixture.folder, "links/file.dita"));
    await symlink(place("in/n\xff/d.dita"), join(fixture.folder, "links/below.dita"));
    await symlink(place("in/n\xff"), join(fixture.folder, "links/folder"));
    await symlink(join(fixture.folder, "in/b.dita"), place("links/link\xff.dita"));
    const links = await scan("/links");
    expect(told(links)).to.deep.equal([
      failed("/links/below.dita", TARGET),
      failed("/links/file.dita", TARGET),
      failed("/links/link\\xff.dita"),
    ]);
    expect(await fixture.repository.stat(["/links/file.dita"])).to.deep.equal([{ kind: "asset", asset: links[1] }]);
    expect(await rejection(read("/links/file.dita"))).to.deep.include({ code: "READ_FAILED", message: TARGET });
  });

  it("is shown in the list of a folder's names", async () => {
    const names = await fixture.repository.names("/in", 100);
    expect(names).to.have.members([
      "a\\xfe.dita",
      "a\\xff.dita",
      "a\ufffd.dita",
      "b.dita",
      "n\\xff",
      "z",
      "é\\xe9\\xe2\\x82.dita",
    ]);
  });

  it("keeps its result until it is gone", async () => {
    const path = "/in/a\\xff.dita";
    const { repository } = fixture;
    const everything = scopeOf(["/"], [], { fileTypes: [] });
    const forget = async (): Promise<number | undefined> =>
      (await repository.forgetGone?.(everything, { limit: 10, exceptJob: "now" }))?.removed;
    await repository.apply([writeOf(path)]);
    expect(await forget()).to.equal(0);
    await rename(place("in/a\xff.dita"), join(fixture.folder, "in/now.dita"));
    expect(await forget()).to.equal(1);
  });

  describe("in a FileVault layout", () => {
    it("makes an asset whose original links to it fail by its own path", async () => {
      const view = '<jcr:root xmlns:jcr="http://www.jcp.org/jcr/1.0" jcr:primaryType="dam:Asset"/>';
      await fixture.files(["jcr_root/x.dita/.content.xml", view], "jcr_root/x.dita/_jcr_content/renditions/other");
      await writeFile(place("jcr_root/x.dita/_jcr_content/renditions/o\xff"), "x");
      await symlink(
        place("jcr_root/x.dita/_jcr_content/renditions/o\xff"),
        place("jcr_root/x.dita/_jcr_content/renditions/original"),
      );
      const reader = await FolderReader.at({ folder: fixture.folder });
      const [node] = await reader.stat(["/x.dita"]);
      expect(node?.kind === "asset" && told([node.asset])).to.deep.equal([failed("/x.dita", TARGET)]);
      expect(() => reader.fileOf("/x.dita")).to.throw(TARGET);
    });

    it("makes what bears it one entry, and is found again", async () => {
      await rename(join(fixture.folder, "in"), join(fixture.folder, "jcr_root"));
      await fixture.files("jcr_root/b%5cxff.dita");
      await writeFile(place("jcr_root/b\xff.dita"), "x");
      const reader = await FolderReader.at({ folder: fixture.folder, mount: "/m" });
      const assets: Asset[] = [];
      for await (const page of reader.scan(scopeOf(["/m"], [], { fileTypes: [] }), { pageSize: 2 }))
        assets.push(...page.assets);
      const expected = [
        ...ALL.map(([path, why]) => (why ? [path?.replace("/in/", "/m/"), why] : [path?.replace("/in/", "/m/")])),
        ["/m/b\\xff.dita"],
        failed("/m/b\\\\xff.dita"),
      ].sort((a, b) => comparePaths(String(a[0]), String(b[0])));
      expect(told(assets)).to.deep.equal(expected);
      expect(await reader.stat(assets.map(({ path }) => path))).to.deep.equal(
        assets.map((asset) => ({ kind: "asset", asset })),
      );
      expect(await reader.stat(["/m/n\\xff/d.dita", "/m/a\\xfd.dita"])).to.deep.equal([undefined, undefined]);
      expect(() => reader.fileOf("/m/a\\xff.dita")).to.throw(FILE);
      expect(() => reader.fileOf("/m/n\\xff")).to.throw(FOLDER);
    });
  });
});
