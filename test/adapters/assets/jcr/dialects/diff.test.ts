import { expect } from "chai";
import fc from "fast-check";
import { diffOf, numberText } from "../../../../../src/adapters/assets/jcr/dialects/diff.js";
import type { Change } from "../../../../../src/adapters/assets/jcr/dialects/dialect.js";

const textOf = (changes: readonly Change[]): string => {
  const part = diffOf(changes).at(-1);
  return part && "text" in part && typeof part.text === "function" ? part.text() : "";
};

describe("a diff", () => {
  it("has a space before an empty value, and no line end after its last line", () => {
    const node = "/a/jcr:content";
    expect(
      textOf([
        { kind: "reset", node, name: "list", value: ["x", "a : b\n"] },
        { kind: "unset", node, name: "old" },
      ]),
    ).to.equal('^/a/jcr:content/list : \n^/a/jcr:content/list : ["x","a : b\\n"]\n^/a/jcr:content/old : ');
  });

  it("writes integers as digits and other numbers with a point, as Java reads them", () => {
    const written = [5, -1, 0.5, 1e21, 1.5e-7, 2 ** 60, -0, Number.MAX_VALUE].map(numberText);
    const expected = ["5", "-1", "0.5", "1.0E21", "1.5E-7", "1152921504606847000.0", "-0.0", "1.7976931348623157E308"];
    expect(written).to.deep.equal(expected);
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (x) => Object.is(Number(numberText(x)), x)),
    );
  });

  it("creates a node whose name contains a quote under another name and moves it, since parts are named by path", () => {
    const text = textOf([{ kind: "add", path: '/f/a"b', node: { primaryType: "nt:unstructured" } }]);
    expect(text).to.match(
      /^\+\/f\/a~b~[0-9a-f]{16} : \{"jcr:primaryType":"nt:unstructured"\}\n>\/f\/a~b~[0-9a-f]{16} : \/f\/a"b$/,
    );
  });
});
