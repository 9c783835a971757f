import { expect } from "chai";
import fc from "fast-check";
import { normalisePath } from "../../../src/core/asset/path.js";
import { PATH_PATTERN } from "../../../src/core/asset/path-pattern.js";

const pattern = new RegExp(PATH_PATTERN, "u");

const accepted = (path: string): boolean => {
  try {
    normalisePath(path);
    return true;
  } catch {
    return false;
  }
};

/** What the rules speak of, and a little of everything else. */
const character = fc.constantFrom(
  ...["/", "/", ".", ".", " ", "\u00a0", "\u3000", "\ufeff", "\\", "\u0000", "\n", "\t", "\u001f", "\u007f", "\u0085"],
  ...["a", "ä", "\u{1f600}", "\ud800", "\udc00", "-", "\u2028", "\u0301", "%"],
);

describe("the pattern of a path", () => {
  it("accepts what is accepted, and nothing else", () => {
    const text = fc.array(character, { maxLength: 9 }).map((characters) => characters.join(""));
    fc.assert(
      fc.property(text, (path) => {
        expect(pattern.test(path), JSON.stringify(path)).to.equal(accepted(path));
      }),
      { numRuns: 20_000 },
    );
  });

  it("accepts and refuses the same of any text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (path) => {
        expect(pattern.test(path)).to.equal(accepted(path));
      }),
    );
  });

  it("is decided at once for long paths that almost match", () => {
    for (const path of [`/${"a/".repeat(2_000)}..`, `/${"/".repeat(4_000)}\u0000`, `${" ".repeat(4_000)}/`])
      expect(pattern.test(path)).to.equal(false);
  });
});
