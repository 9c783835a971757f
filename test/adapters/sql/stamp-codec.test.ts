import { expect } from "chai";
import { packHandlers, unpackHandlers } from "../../../src/adapters/sql/stamp-codec.js";
import type { StampBasis } from "../../../src/core/asset/stamp.js";

describe("a stamp's handlers and basis in one column", () => {
  const stamp = { sizeBytes: 1, modifiedMs: 2, contentHash: null };

  it("read as they were written", () => {
    const bases: readonly (StampBasis | undefined)[] = [
      undefined,
      { others: {} },
      { changedMs: 0, others: {} },
      { partial: true, others: { "/a": true, "": false, __proto__x: "sha256:ab" } },
    ];
    for (const basis of bases) {
      const given = { handlers: { dita: "1", "b.c-d": '"é' }, ...(basis ? { basis } : {}) };
      expect(unpackHandlers(packHandlers({ ...stamp, ...given }))).to.deep.equal(given);
    }
  });

  it("have no basis in a row of an older version, whose readers find the versions where they were", () => {
    expect(unpackHandlers('{"dita":"1"}')).to.deep.equal({ handlers: { dita: "1" } });
    const text = packHandlers({ ...stamp, handlers: { dita: "1" }, basis: { changedMs: 5, others: { "/a": true } } });
    expect(JSON.parse(text)).to.include({ dita: "1" });
  });

  it("take little where there is no basis to speak of: there is one for each of a million assets", () => {
    expect(packHandlers({ ...stamp, handlers: { h: "1" }, basis: { others: {} } })).to.equal('{"h":"1","":{}}');
  });
});
