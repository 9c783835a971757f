import { expect } from "chai";
import { isReadableName } from "../../../../../src/adapters/assets/jcr/dialects/jcr-names.js";

describe("JCR names", () => {
  it("that a node can have are told from those that would fail a whole multi-read", () => {
    const legal = ["a", "a.dita", "jcr:content", "a[2]", "a[10]", "a b", "%", "x;y", "\u{1f600}", "..a"];
    const illegal = [
      "",
      ".",
      "..",
      "a:b:c",
      ":a",
      "a:",
      "a[",
      "a[0]",
      "a[1]",
      "[2]",
      "a|b",
      "a*",
      " a",
      "a ",
      "a\nb",
      "\ud800",
    ];
    expect(legal.filter((name) => !isReadableName(name))).to.deep.equal([]);
    expect(illegal.filter(isReadableName)).to.deep.equal([]);
  });
});
