import { expect } from "chai";
import { packStamp, unpackStamp } from "../../../src/adapters/sql/stamp-codec.js";
import type { StampBasis } from "../../../src/core/asset/stamp.js";

describe("a stamp in one column", () => {
  const handlers = { dita: "1", "b.c-d": '"é' };

  it("reads as it was written, with the handlers of its source", () => {
    const bases: readonly (StampBasis | undefined)[] = [
      undefined,
      { others: {} },
      { changedMs: 0, others: {} },
      { partial: true, others: { "/a": true, "": false, __proto__x: "sha256:ab" } },
    ];
    for (const basis of bases) {
      for (const contentHash of [null, "sha256:ab", 'odd "one"']) {
        const stamp = { sizeBytes: 1, modifiedMs: 2, contentHash, handlers, ...(basis ? { basis } : {}) };
        expect(unpackStamp(packStamp(stamp), handlers)).to.deep.equal(stamp);
      }
    }
  });

  it("has its own handlers, and a basis or none, in a row of before there were sources", () => {
    const facts = { sizeBytes: 1, modifiedMs: 2, contentHash: null };
    expect(unpackStamp('[1,2,null,{"dita":"1"}]', {})).to.deep.equal({ ...facts, handlers: { dita: "1" } });
    expect(unpackStamp('[1,2,null,{"dita":"1","":{"c":5,"o":{"/a":true}}}]', {})).to.deep.equal({
      ...facts,
      handlers: { dita: "1" },
      basis: { changedMs: 5, others: { "/a": true } },
    });
  });

  it("is two numbers where there is nothing else to say: there is one for each of a million assets", () => {
    const stamp = { sizeBytes: 1, modifiedMs: 2, contentHash: null, handlers, basis: { others: {} } };
    expect(packStamp(stamp)).to.equal("[1,2]");
  });
});
