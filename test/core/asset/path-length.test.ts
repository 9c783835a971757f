import { expect } from "chai";
import { isTooLong, lengthMessage, pathBytes } from "../../../src/core/asset/path-length.js";
import { normalisePath } from "../../../src/core/asset/path.js";
import { SkipRules } from "../../../src/core/asset/skip-rules.js";
import { AssetmillError } from "../../../src/core/errors.js";
import { assetOf } from "../../../src/testing/conformance/job-steps.js";

/** Paths of so many bytes, of characters of one to four bytes. */
const pathsOf = (bytes: number): readonly string[] =>
  ["a", "é", "漢", "\u{20000}"].map((character) => {
    const each = Buffer.byteLength(character);
    const count = Math.floor((bytes - 1) / each);
    return `/${character.repeat(count)}${"x".repeat(bytes - 1 - count * each)}`;
  });

describe("a path's length", () => {
  it("is counted in bytes of UTF-8", () => {
    for (const path of [
      "",
      "/a",
      "/é/漢/\u{1f600}",
      "/\ud800",
      "/\udc00\ud800x",
      "\u007f\u0080\u07ff\u0800",
      ...pathsOf(4_096),
    ])
      expect(pathBytes(path), path.slice(0, 20)).to.equal(Buffer.byteLength(path));
  });

  it("is 4,096 bytes at most, whatever its characters", () => {
    expect(pathsOf(4_096).map(isTooLong)).to.deep.equal([false, false, false, false]);
    expect(pathsOf(4_097).map(isTooLong)).to.deep.equal([true, true, true, true]);
  });

  it("is told in the message that refuses a request's path, which names the field", () => {
    for (const path of pathsOf(4_096)) expect(normalisePath(path)).to.equal(path);
    for (const path of pathsOf(4_097)) {
      let refused: unknown;
      try {
        normalisePath(path, "paths[3]");
      } catch (error) {
        refused = error;
      }
      expect(AssetmillError.is(refused) && refused.code).to.equal("INVALID_PARAMETER");
      expect((refused as Error).message).to.equal("paths[3]: must have at most 4,096 bytes (UTF-8), not 4,097");
    }
    expect(lengthMessage(`/${"a".repeat(1_234_566)}`)).to.include("not 1,234,567");
  });

  it("is a reason to skip an asset, before any other", () => {
    const rules = new SkipRules();
    for (const path of pathsOf(4_096)) expect(rules.reasonFor(assetOf(path))).to.equal(undefined);
    for (const path of pathsOf(4_097)) {
      expect(rules.reasonFor(assetOf(path, { contentFragment: true }))).to.equal("PATH_TOO_LONG");
      const unreadable = { code: "READ_FAILED", message: "the path is longer than the system allows" } as const;
      expect(rules.reasonFor(assetOf(path, { unreadable })), "fails as unreadable").to.equal(undefined);
    }
  });
});
