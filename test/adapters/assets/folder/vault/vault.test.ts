import { chmod, mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { expect } from "chai";
import fc from "fast-check";
import { FolderReader } from "../../../../../src/adapters/assets/folder/index.js";
import { fileNameOf, jcrNameOf } from "../../../../../src/adapters/assets/folder/vault/names.js";
import { collect } from "../../../../../src/core/engine/asset/asset-content.js";
import { comparePaths } from "../../../../../src/core/asset/path.js";
import { scopeOf } from "../../../../../src/core/asset/scope.js";
import { asNobody } from "../../../../support/as-nobody.js";
import { rejection } from "../../../../support/deferred.js";
import { tempFolder } from "../../../../support/temp-folder.js";

const NS =
  'xmlns:jcr="http://www.jcp.org/jcr/1.0" xmlns:nt="http://www.jcp.org/jcr/nt/1.0" xmlns:dam="http://www.day.com/dam/1.0" xmlns:dc="http://purl.org/dc/elements/1.1/"';

const asset = (content: string, created = "2020-01-02T03:04:05.006Z"): string => `<?xml version="1.0" encoding="UTF-8"?>
<jcr:root ${NS} jcr:primaryType="dam:Asset" jcr:created="{Date}${created}">${content}</jcr:root>`;

const CONTENT = `<jcr:content jcr:primaryType="dam:AssetContent" jcr:lastModified="{Date}2021-05-06T07:08:09.010+02:00">
  <metadata jcr:primaryType="nt:unstructured" dc:format="application/xml" dam:size="{Long}7" dita_class="{String}[- map/map bookmap/bookmap \\,]"/>
</jcr:content>`;

/** A package as vlt writes it, by our own hand. */
const FILES: Readonly<Record<string, string | Buffer>> = {
  "META-INF/vault/filter.xml": '<workspaceFilter version="1.0"><filter root="/content/dam/x"/></workspaceFilter>',
  "jcr_root/.content.xml": `<jcr:root ${NS} jcr:primaryType="rep:root"/>`,
  "jcr_root/content/dam/x/.content.xml": `<jcr:root ${NS} jcr:primaryType="sling:Folder"/>`,
  "jcr_root/content/dam/x/_jcr_content/.content.xml": `<jcr:root ${NS} jcr:primaryType="nt:unstructured"/>`,
  "jcr_root/content/dam/x/_rep_policy.xml": `<jcr:root ${NS} jcr:primaryType="rep:ACL"/>`,
  "jcr_root/content/dam/x/book.xml/.content.xml": asset(CONTENT),
  "jcr_root/content/dam/x/book.xml/_jcr_content/renditions/original": "<other/>",
  "jcr_root/content/dam/x/book.xml/_jcr_content/renditions/original.dir/.content.xml": `<jcr:root ${NS} jcr:primaryType="nt:file"/>`,
  "jcr_root/content/dam/x/book.xml/_jcr_content/renditions/cq5dam.thumbnail.png": "thumb",
  "jcr_root/content/dam/x/split.dita/.content.xml": asset('<jcr:content jcr:primaryType="dam:AssetContent"/>'),
  "jcr_root/content/dam/x/split.dita/_jcr_content/.content.xml": `<jcr:root ${NS} jcr:primaryType="dam:AssetContent" jcr:lastModified="{Date}2022-01-01T00:00:00.000Z" contentFragment="{Boolean}true"/>`,
  "jcr_root/content/dam/x/split.dita/_jcr_content/renditions/original": "fragment",
  "jcr_root/content/dam/x/lost.png/.content.xml": asset(CONTENT),
  "jcr_root/content/dam/x/_x_y": "a prefix: x:y",
  "jcr_root/content/dam/x/__x_y": "looks prefixed: _x_y",
  "jcr_root/content/dam/x/a%3ab.md": "a:b.md is not a name, yet it may stand there",
  "jcr_root/content/dam/x/plain.md": "# plain",
  "jcr_root/content/dam/x/plain.md.dir/.content.xml": `<jcr:root ${NS} jcr:primaryType="nt:file"/>`,
  "jcr_root/content/dam/x/node.xml": `<?xml version="1.0"?>\n<jcr:root ${NS} jcr:primaryType="nt:unstructured"/>`,
  "jcr_root/content/dam/x/node-in-utf-16.xml": Buffer.from(`\uFEFF<jcr:root ${NS}/>`, "utf16le"),
  "jcr_root/content/dam/x/real.xml": "<topic id='t'/>",
};

describe("a folder with a FileVault layout", () => {
  let folder: string;
  let remove: () => Promise<void>;
  let reader: FolderReader;
  const root = "/content/dam/x";

  before(async () => {
    ({ folder, remove } = await tempFolder());
    for (const [file, text] of Object.entries(FILES)) {
      await mkdir(dirname(join(folder, file)), { recursive: true });
      await writeFile(join(folder, file), text);
    }
    reader = await FolderReader.at({ folder });
  });
  after(() => remove());

  const scan = async (after?: string) => {
    const found = [];
    const options = { pageSize: 2, ...(after === undefined ? {} : { after }) };
    for await (const page of reader.scan(scopeOf(["/"], [], { fileTypes: [] }), options)) found.push(...page.assets);
    return found;
  };
  const text = async (path: string): Promise<string> =>
    new TextDecoder().decode(await collect(reader.read(path), path, 1_000));

  it("is scanned by JCR names, in their order; files that belong to nodes are not assets", async () => {
    const paths = (await scan()).map(({ path }) => path.slice(root.length + 1));
    expect(paths).to.deep.equal([
      "_x_y",
      "a:b.md",
      "book.xml",
      "lost.png",
      "plain.md",
      "real.xml",
      "split.dita",
      "x:y",
    ]);
  });

  it("resumes after every path that it yielded with exactly the rest", async () => {
    const all = (await scan()).map(({ path }) => path);
    expect([...all].sort(comparePaths)).to.deep.equal(all);
    for (const [i, after] of all.entries()) {
      expect(
        (await scan(after)).map(({ path }) => path),
        after,
      ).to.deep.equal(all.slice(i + 1));
    }
  });

  it("shows a dam:Asset's directory as one asset, with its original's content and its metadata's type and times", async () => {
    const [node] = await reader.stat([`${root}/book.xml`]);
    expect(node).to.deep.equal({
      kind: "asset",
      asset: {
        path: `${root}/book.xml`,
        fileType: "DITAMAP",
        sizeBytes: 8,
        createdMs: Date.parse("2020-01-02T03:04:05.006Z"),
        modifiedMs: Date.parse("2021-05-06T05:08:09.010Z"),
      },
    });
    expect(await text(`${root}/book.xml`)).to.equal("<other/>");
    expect(reader.fileOf(`${root}/book.xml`)).to.equal(
      join(folder, "jcr_root/content/dam/x/book.xml/_jcr_content/renditions/original"),
    );
  });

  it("merges inline nodes with those in _jcr_content", async () => {
    const [node] = await reader.stat([`${root}/split.dita`]);
    expect(node?.kind === "asset" && node.asset).to.deep.include({
      contentFragment: true,
      modifiedMs: Date.parse("2022-01-01T00:00:00.000Z"),
      fileType: "DITATOPIC",
    });
  });

  it("reads files by their JCR names, and none by its file name", async () => {
    expect(await text(`${root}/x:y`)).to.equal("a prefix: x:y");
    expect(await text(`${root}/_x_y`)).to.equal("looks prefixed: _x_y");
    expect(await text(`${root}/plain.md`)).to.equal("# plain");
    for (const path of ["__x_y", "book.xml/_jcr_content/renditions/original", ".content.xml", "node.xml", "gone"]) {
      expect(await reader.stat([`${root}/${path}`]), path).to.deep.equal([undefined]);
      expect(await rejection(text(`${root}/${path}`)), path).to.include({ code: "GONE" });
    }
  });

  it("counts an asset without its original, and reports that it cannot be read", async () => {
    const [node] = await reader.stat([`${root}/lost.png`]);
    expect(node?.kind === "asset" && node.asset.sizeBytes).to.equal(7);
    expect(await rejection(text(`${root}/lost.png`))).to.include({ code: "READ_FAILED" });
  });

  it("lists the JCR names in a folder, and none in an asset", async () => {
    const names = (await reader.names(root, 100)) ?? [];
    expect(names).to.include.members(["a:b.md", "book.xml", "x:y", "_x_y"]);
    expect(await reader.names(root, 2)).to.have.length(2);
    expect(await reader.names(`${root}/book.xml`, 100)).to.equal(undefined);
    expect(await reader.names(`${root}/nowhere`, 100)).to.equal(undefined);
  });

  it("is also recognised by its jcr_root", async () => {
    const inner = await FolderReader.at({ folder: join(folder, "jcr_root") });
    expect(await inner.stat([root, `${root}/plain.md`])).to.have.nested.property("[1].kind", "asset");
  });

  it("leaves out hidden files and counts them, unless it is asked for them, and names what it cannot read", async () => {
    const { folder: own, remove: removeOwn } = await tempFolder();
    try {
      const files = ["a.md", ".DS_Store", "__MACOSX/x.md", "closed/b.md", "z.md"];
      for (const file of files) {
        await mkdir(dirname(join(own, "jcr_root", file)), { recursive: true });
        await writeFile(join(own, "jcr_root", file), "x");
      }
      await chmod(own, 0o755);
      const scan = async (hidden: boolean): Promise<[paths: (string | undefined)[], hidden: number]> => {
        const plain = await FolderReader.at({ folder: own, hidden });
        const found: (string | undefined)[] = [];
        let left = 0;
        for await (const page of plain.scan(scopeOf(["/"], [], { fileTypes: [] }), { pageSize: 1 })) {
          found.push(
            ...[...page.assets].flatMap(({ path, unreadable }) => (unreadable ? [path, unreadable.code] : [path])),
          );
          left += page.hidden ?? 0;
        }
        return [found, left];
      };
      expect(await scan(false)).to.deep.equal([["/a.md", "/closed/b.md", "/z.md"], 2]);
      expect(await scan(true)).to.deep.equal([["/.DS_Store", "/_MACOSX/x.md", "/a.md", "/closed/b.md", "/z.md"], 0]);
      await chmod(join(own, "jcr_root", "closed"), 0o000);
      await asNobody(async () => {
        expect(await scan(false)).to.deep.equal([["/a.md", "/closed", "ACCESS_DENIED", "/z.md"], 2]);
      }).finally(() => chmod(join(own, "jcr_root", "closed"), 0o755));
    } finally {
      await removeOwn();
    }
  });
});

describe("FileVault's names", () => {
  it("are decoded to the JCR name that they encode", () => {
    const unit = fc.constantFrom("a", "b", "_", "%", "4", "1", " ", "*", "é", "\u{1f600}", ".", "-", "?");
    const local = fc.array(unit, { minLength: 1, maxLength: 5 }).map((units) => units.join(""));
    const name = fc.oneof(
      local,
      fc.tuple(fc.constantFrom("p", "jcr", "a-b"), local).map(([p, l]) => `${p}:${l}`),
    );
    fc.assert(fc.property(name, (one) => jcrNameOf(fileNameOf(one)) === one));
  });

  it("are those in the documentation", () => {
    expect(["jcr:content", "_x_y", "a:b:c", "what?", "100%"].map(fileNameOf)).to.deep.equal([
      "_jcr_content",
      "__x_y",
      "a%3ab%3ac",
      "what%3f",
      "100%25",
    ]);
  });
});
