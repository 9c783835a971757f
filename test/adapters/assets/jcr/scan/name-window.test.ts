import { expect } from "chai";
import fc from "fast-check";
import { NameWindow } from "../../../../../src/adapters/assets/jcr/scan/name-window.js";

describe("the smallest names of a folder", () => {
  it("are those after the position, sorted by code unit, as many as requested, whatever their order of arrival", () => {
    const names = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 4 }), { maxLength: 40 });
    fc.assert(
      fc.property(names, fc.string({ maxLength: 2 }), fc.integer({ min: 1, max: 10 }), (all, after, most) => {
        const smallest = new NameWindow(after, most);
        // Some come twice: the listing broke off, and was asked for again.
        for (const name of [...all.slice(0, 7), ...all]) smallest.add(name);
        const greater = all.filter((name) => name > after).sort((a, b) => (a < b ? -1 : 1));
        expect(smallest.take()).to.deep.equal(greater.slice(0, most));
        if (greater.length > most) expect(smallest.overflowed).to.equal(true);
      }),
    );
  });
});
