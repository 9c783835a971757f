import { expect } from "chai";
import { checkResult, type HandlerResult } from "../../../src/core/asset/handler-result.js";
import { thrown } from "../../support/deferred.js";

const check = (result: unknown): HandlerResult => checkResult(result as HandlerResult);

describe("the check of a handler's result", () => {
  const sound: [string, unknown][] = [
    ["that is empty", {}],
    ["with a string, a number, a boolean and a list", { properties: { a: "x", b: 1.5, c: false, d: ["x", "y"] } }],
    ["with empty values", { properties: { a: "", b: 0, d: [] } }],
    ["with a negative and a large number", { properties: { a: -1, b: Number.MAX_SAFE_INTEGER } }],
    ["with a name that has a colon", { properties: { "dc:title": "x" } }],
    ["with references", { references: [{ kind: "topic", target: "/a/b.dita" }] }],
    ["with warnings", { warnings: ["hm"] }],
    ["with the number of warnings left out", { warnings: ["hm"], moreWarnings: 5 }],
  ];
  for (const [title, result] of sound) {
    it(`accepts one ${title} unchanged`, () => expect(check(result)).to.equal(result));
  }

  const broken: [string, unknown, RegExp][] = [
    ["that is a number", 7, /number/],
    ["that is a string", "done", /string/],
    ["that is true", true, /boolean/],
    ["that is a function", () => {}, /function/],
    ["that is a list", [{ properties: {} }], /list|array|HandlerResult/i],
    ["with a part that is none", { propertys: { a: 1 } }, /"propertys".*properties, references, warnings/],
    ["with a part that is none, though it is undefined", { warning: undefined }, /"warning"/],
    ["with a negative number of warnings left out", { moreWarnings: -1 }, /moreWarnings/],
    ["with half a warning left out", { moreWarnings: 0.5 }, /moreWarnings/],
    ["with properties that are a string", { properties: "abc" }, /properties/],
    ["with properties that are a list", { properties: ["a"] }, /properties/],
    ["with properties that are a number", { properties: 7 }, /properties/],
    ["with a property that is NaN", { properties: { size: Number.NaN } }, /size/],
    ["with a property that is infinite", { properties: { size: Number.POSITIVE_INFINITY } }, /size/],
    ["with a property that is null", { properties: { title: null } }, /title/],
    ["with a property that is undefined", { properties: { title: undefined } }, /title/],
    ["with a property that is an object", { properties: { title: {} } }, /title/],
    ["with a property that is a date", { properties: { at: new Date() } }, /at/],
    ["with a property that is a bigint", { properties: { size: 1n } }, /size/],
    ["with a list that is not of strings", { properties: { tags: ["a", 1] } }, /tags/],
    ["with a property without a name", { properties: { "": "x" } }, /""/],
    ["with a property named as a path", { properties: { "a/b": "x" } }, /a\/b/],
    ["with references that are no list", { references: { target: "/a" } }, /references/],
    ["with a reference without a target", { references: [{ kind: "topic" }] }, /reference.*target/],
    ["with a reference that is null", { references: [null] }, /reference/],
    ["with a reference of an unknown kind", { references: [{ kind: "telepathy", target: "/a" }] }, /kind/],
    ["with a reference without a kind", { references: [{ target: "/a" }] }, /kind/],
    ["with warnings that are a string", { warnings: "hm" }, /warnings/],
    ["with a warning that is no string", { warnings: [7] }, /warning/],
  ];
  for (const [title, result, names] of broken) {
    it(`rejects one ${title}, and names what is wrong`, () => {
      const error = thrown(() => check(result));
      expect(error).to.be.instanceOf(TypeError);
      expect((error as Error).message).to.match(names);
    });
  }
});
