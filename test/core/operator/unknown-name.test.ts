import { expect } from "chai";
import fc from "fast-check";
import { isNearMiss, nearestName, refuseUnknownOptions, suggestion } from "../../../src/core/operator/unknown-name.js";
import { AssetmillError } from "../../../src/core/errors.js";
import { thrown } from "../../support/deferred.js";

const KNOWN = ["assets", "store", "concurrency", "chunkSize", "deadlineMs", "http"];

describe("an unknown name", () => {
  const near: [string, string | undefined][] = [
    ["concurency", "concurrency"],
    ["concurrencies", "concurrency"],
    ["Concurrency", "concurrency"],
    ["chunksize", "chunkSize"],
    ["chunkSzie", "chunkSize"],
    ["asset", "assets"],
    ["stroe", "store"],
    ["htpp", "http"],
    ["deadline", "deadlineMs"],
    ["typo", undefined],
    ["x", undefined],
    ["", undefined],
    ["concurrency".repeat(20), undefined],
  ];
  for (const [name, expected] of near) {
    it(`${JSON.stringify(name.slice(0, 20))} is most like ${expected ?? "nothing"}`, () =>
      expect(nearestName(name, KNOWN)).to.equal(expected));
  }

  it("that is one mistake away from a known one leads to it: a letter missing, added, changed or swapped", () => {
    fc.assert(
      fc.property(fc.constantFrom(...KNOWN), fc.nat(30), fc.nat(3), (name, place, kind) => {
        const i = place % (name.length - 1);
        const typed = [
          name.slice(0, i) + name.slice(i + 1),
          `${name.slice(0, i)}z${name.slice(i)}`,
          `${name.slice(0, i)}z${name.slice(i + 1)}`,
          `${name.slice(0, i)}${name[i + 1]}${name[i]}${name.slice(i + 2)}`,
        ][kind] as string;
        expect(nearestName(typed, KNOWN)).to.equal(name);
      }),
    );
  });

  it("leads to the nearest of several that are near", () => {
    expect(nearestName("carts", ["cart", "cat"])).to.equal("cart");
    expect(nearestName("carts", ["cat", "cart"])).to.equal("cart");
  });

  const misses: [name: string, known: string, isNear: boolean][] = [
    ["writes", "writes", true],
    ["Writes", "writes", true],
    ["wirtes", "writes", true],
    ["write", "writes", true],
    ["writees", "writes", true],
    ["wrotes", "writes", true],
    ["rwites", "writes", true],
    ["writse", "writes", true],
    ["writer", "writing", false],
    ["wirtse", "writes", false],
    ["wries", "writings", false],
    ["written", "writes", false],
    ["swites", "writes", false],
  ];
  for (const [name, known, isNear] of misses) {
    it(`${name} is ${isNear ? "" : "not "}a near miss of ${known}: one mistake at most, a swap of neighbours included`, () =>
      expect(isNearMiss(name, known)).to.equal(isNear));
  }

  it("is refused with its field, the nearest name and all known ones", () => {
    const known = { assets: true, store: true } as const;
    const error = thrown(() => refuseUnknownOptions({ assets: 1, stor: undefined }, known, "engine")) as AssetmillError;
    expect([error.code, error.ids.field]).to.deep.equal(["INVALID_PARAMETER", "engine.stor"]);
    expect(error.message).to.equal(
      'engine.stor: unknown option; did you mean "store"?; known options are assets, store',
    );
    expect(thrown(() => refuseUnknownOptions(null, known, "engine"))).to.have.property("code", "INVALID_PARAMETER");
    expect(suggestion("zzz", ["assets"])).to.equal("");
  });

  it("is not looked for among inherited ones", () => {
    refuseUnknownOptions(Object.create({ typo: 1 }), { assets: true });
    expect(thrown(() => refuseUnknownOptions({ constructor: 1 }, { assets: true }))).to.be.instanceOf(AssetmillError);
  });
});
