import fc from "fast-check";
import { escapedName, unescapedName } from "../../../../../src/adapters/assets/jcr/results/result-codec.js";

describe("names of stored properties", () => {
  it("are escaped to legal JCR names, and unescape to the original", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", minLength: 1 }), (name) => {
        const escaped = escapedName(name);
        return /^[\w.~-]+$/.test(escaped) && unescapedName(escaped) === name;
      }),
    );
  });
});
