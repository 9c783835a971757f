import { expect } from "chai";
import { SimilarPaths } from "../../../../src/core/engine/asset/similar-paths.js";
import { MemoryAssetRepository } from "../../../../src/testing/index.js";
import { rejection } from "../../../support/deferred.js";

const NFC = "r\u00e9sum\u00e9.dita";
const NFD = NFC.normalize("NFD");

/** The similar paths in a repository, and the folders that were listed for them. */
function bench(...paths: string[]) {
  const repository = new MemoryAssetRepository(Object.fromEntries(paths.map((path) => [path, ""])));
  const listed: string[] = [];
  const similar = new SimilarPaths({
    stat: (asked) => repository.stat(asked),
    names: (folder, most) => {
      listed.push(folder);
      return repository.names(folder, most);
    },
  });
  return { find: (path: string) => similar.find(path), listed, repository };
}

describe("a path similar to a missing one", () => {
  for (const [title, there, missing, found] of [
    ["in Unicode form", `/a/${NFD}`, `/a/${NFC}`, `/a/${NFD}`],
    ["in Unicode form, the other way round", `/a/${NFC}`, `/a/${NFD}`, `/a/${NFC}`],
    ["in case", "/img/logo.PNG", "/img/Logo.png", "/img/logo.PNG"],
    ["in both", `/a/${NFD.toUpperCase()}`, `/a/${NFC}`, `/a/${NFD.toUpperCase()}`],
    ["in a folder's name", "/Images/\u00c4/logo.png", "/images/a\u0308/logo.png", "/Images/\u00c4/logo.png"],
    ["at the root", "/Top.dita", "/top.dita", "/Top.dita"],
    ["a folder", "/a/Sub/b.dita", "/a/sub", "/a/Sub"],
    ["in more than that", "/a/resume.dita", `/a/${NFC}`, undefined],
    ["in compatible characters", "/a/\ufb01.dita", "/a/fi.dita", undefined],
    ["in the number of segments", "/a/b/c.dita", "/a/c.dita", undefined],
  ] as const) {
    it(`is ${found === undefined ? "none that differs" : "one that differs"} ${title}`, async () => {
      expect(await bench(there).find(missing)).to.equal(found);
    });
  }

  it("is the one with the same case, if several differ", async () => {
    const { find } = bench(`/a/${NFC.toUpperCase()}`, `/a/${NFD}`);
    expect(await find(`/a/${NFC}`)).to.equal(`/a/${NFD}`);
  });

  it("is not the missing path itself, even if it is listed", async () => {
    const { find, repository } = bench("/a/x.dita");
    repository.stat = async (paths) => paths.map(() => undefined);
    expect(await find("/a/x.dita")).to.equal(undefined);
    expect(await find("/a/X.dita"), "what cannot be found exists no more").to.equal(undefined);
  });

  it("costs one listing of its folder, however many are missing there, also at once", async () => {
    const { find, listed } = bench("/a/x.dita");
    await Promise.all(Array.from({ length: 100 }, (_, i) => find(`/a/${i}.dita`)));
    expect(listed).to.deep.equal(["/a"]);
  });

  it("costs no more than eight listings, however deep the path is", async () => {
    const { find, listed } = bench("/x.dita");
    await find(`${"/deep".repeat(1_000)}/a.dita`);
    expect(listed).to.have.length(8);
  });

  it("is looked for in what was listed before, as long as that is not too much to keep", async () => {
    const listed: string[] = [];
    const many = Array.from({ length: 9_000 }, (_, i) => `${i}.dita`);
    const similar = new SimilarPaths({
      stat: async (paths) => paths.map(() => undefined),
      names: async (folder) => {
        listed.push(folder);
        return many;
      },
    });
    for (const folder of ["/a", "/b", "/a", "/b", "/c", "/d", "/c", "/a", "/d"]) await similar.find(`${folder}/x.dita`);
    expect(listed).to.deep.equal(["/a", "/b", "/c", "/d", "/c", "/a"]);
  });

  it("is still found if the listing failed for another asset", async () => {
    const { repository } = bench("/a/X.dita");
    let calls = 0;
    const similar = new SimilarPaths({
      stat: (paths) => repository.stat(paths),
      names: async (folder, most) => {
        if (++calls === 1) throw new Error("stopped");
        return repository.names(folder, most);
      },
    });
    const first = similar.find("/a/x.dita");
    const second = similar.find("/a/x.dita");
    expect(await rejection(first)).to.have.property("message", "stopped");
    expect(await second).to.equal("/a/X.dita");
  });
});
