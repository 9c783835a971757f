import { expect } from "chai";
import { idleExclusions } from "../../../src/core/operator/idle-exclusions.js";
import { AssetmillError } from "../../../src/core/errors.js";
import { MemoryAssetRepository } from "../../../src/testing/index.js";

const repository = new MemoryAssetRepository({ "/in/a.dita": "", "/in/guide /b.dita": "", "/out/[c].dita": "" });
const idle = (paths: readonly string[], excludedPaths?: readonly string[]) =>
  idleExclusions({ type: "T", paths, priority: 5, ...(excludedPaths ? { excludedPaths } : {}) }, repository);

describe("an excluded path", () => {
  it("is not mentioned if it leaves something out: an asset, a folder, a root, or what holds all roots", async () => {
    expect(await idle(["/in", "/out"], ["/in/a.dita", "/in/guide ", "/out", "/out/[c].dita", "/"])).to.deep.equal([]);
    expect(await idle(["/in"])).to.deep.equal([]);
  });

  it("is named if it does not exist, also if only a blank is missing", async () => {
    expect(await idle(["/in"], ["/in/typpo", "/in/guide"])).to.deep.equal([
      "Excluded path /in/typpo leaves nothing out: it does not exist",
      "Excluded path /in/guide leaves nothing out: it does not exist",
    ]);
  });

  it("is named with the repository's reason if it has one", async () => {
    const hiding = Object.assign(new MemoryAssetRepository({ "/in/a.dita": "" }), {
      whyAbsent: (path: string) => Promise.resolve(path === "/in/.git" ? "is hidden" : undefined),
    });
    const request = { type: "T", paths: ["/in"], priority: 5, excludedPaths: ["/in/.git", "/in/.none", "/.git"] };
    expect(await idleExclusions(request, hiding)).to.deep.equal([
      "Excluded path /.git leaves nothing out: it is outside the job's paths",
      "Excluded path /in/.git leaves nothing out: it is hidden",
      "Excluded path /in/.none leaves nothing out: it does not exist",
    ]);
  });

  it("is named if it is outside the job's paths", async () => {
    expect(await idle(["/in"], ["/out"])).to.deep.equal([
      "Excluded path /out leaves nothing out: it is outside the job's paths",
    ]);
  });

  it("is named with a hint if it looks like a pattern", async () => {
    for (const path of ["/*.dita", "/in/*.dita", "/in/?.dita", "/in/[ab].dita"]) {
      expect(await idle(["/in"], [path])).to.have.length(1);
      expect((await idle(["/in"], [path]))[0])
        .to.include(path)
        .and.match(/patterns are not supported/);
    }
  });

  it("is one of at most 20 that are named; the others are counted", async () => {
    const many = Array.from({ length: 450 }, (_, i) => `/in/none-${i}`);
    const sentences = await idle(["/in"], many);
    expect(sentences).to.have.length(21);
    expect(sentences.at(-1)).to.equal("430 more excluded paths leave nothing out");
  });

  it("is not mentioned if it cannot be looked up: it may exist", async () => {
    const closed = Object.assign(new MemoryAssetRepository(), {
      stat: () => Promise.reject(new AssetmillError("ACCESS_DENIED", "no")),
    });
    expect(await idleExclusions({ type: "T", paths: ["/in"], priority: 5, excludedPaths: ["/in/x"] }, closed)).to.be
      .empty;
  });
});
