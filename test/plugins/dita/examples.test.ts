import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect } from "chai";
import { AssetFailure } from "../../../src/core/errors.js";
import { fileTypeOfName } from "../../../src/core/asset/file-type.js";
import { ditaHandler } from "../../../src/plugins/dita/handler.js";
import { assetAt, contextOf, countKinds, type Processed } from "./fake-context.js";

interface Example {
  readonly files: readonly string[];
  readonly results: ReadonlyMap<string, Processed>;
  /** `path: CODE: message` */
  readonly failures: readonly string[];
}

/** Every DITA file of an example, processed as if the example were the repository. */
async function processExample(name: string): Promise<Example> {
  const root = path.resolve(process.cwd(), "examples", name);
  const files = readdirSync(root, { recursive: true, encoding: "utf8", withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => `/${path.relative(root, path.join(entry.parentPath, entry.name)).split(path.sep).join("/")}`)
    .sort();
  const results = new Map<string, Processed>();
  const failures: string[] = [];
  for (const file of files) {
    const asset = assetAt(file, fileTypeOfName(file) ?? "OTHERS");
    if (!ditaHandler.accepts?.(asset)) continue;
    const context = contextOf(readFileSync(path.join(root, file), "utf8"), (target) =>
      existsSync(path.join(root, target)),
    );
    try {
      results.set(file, (await ditaHandler.process(asset, context)) as Processed);
    } catch (error) {
      if (!AssetFailure.is(error)) throw error;
      failures.push(`${file}: ${error.code}: ${error.message}`);
    }
  }
  return { files, results, failures };
}

describe("the example trees", () => {
  it("the sample has no failure, no warning and no broken reference", async () => {
    const { files, results, failures } = await processExample("sample");
    expect(files).to.have.length(23);
    expect(results.size).to.equal(18);
    expect(failures).to.deep.equal([]);
    for (const [file, { warnings, properties }] of results) {
      expect(warnings, file).to.deep.equal([]);
      if (!file.endsWith(".ditaval")) {
        expect(properties.brokenReferences, file).to.deep.equal([]);
        expect(properties.fmditaIds, file).not.to.deep.equal([]);
        if (file !== "/maps/subjects.ditamap") expect(properties.fmditaTitle, file).to.be.a("string");
      }
    }
    expect(results.get("/vesta-book.ditamap")?.properties).to.deep.include({
      fmditaTitle: "Vesta 2: the owner's book",
      fmditaMaprefs: ["/maps/keys.ditamap", "/maps/care.ditamap"],
    });
    expect(countKinds(results.get("/vesta.ditamap")?.references ?? [])).to.deep.equal({
      map: 3,
      topic: 11,
      file: 1,
      key: 1,
    });
  });

  it("the sample shows each kind of reference but multimedia", async () => {
    const { results } = await processExample("sample");
    const all = countKinds([...results.values()].flatMap(({ references }) => references));
    expect(Object.keys(all).sort()).to.deep.equal(["content", "content-key", "file", "image", "key", "map", "topic"]);
  });

  it("the broken tree has one ill-formed file, reported with its place, and one broken reference", async () => {
    const { files, results, failures } = await processExample("broken");
    expect(files).to.have.length(6);
    expect(failures).to.deep.equal([
      "/topics/blending.dita: XML_NOT_WELL_FORMED: line 8, column 36: end tag </i> where </b> is expected",
    ]);
    const warned = [...results].filter(([, { warnings }]) => warnings.length > 0);
    expect(warned.map(([file, { warnings }]) => [file, ...warnings])).to.deep.equal([
      ["/topics/tasting.dita", "broken reference /topics/roasting.dita"],
    ]);
    expect(results.get("/topics/tasting.dita")?.properties.brokenReferences).to.deep.equal(["/topics/roasting.dita"]);
  });
});
