import { expect } from "chai";
import fc from "fast-check";
import { packJson, packText, unpackJson, unpackText } from "../../../src/adapters/sql/packed.js";

describe("packed text", () => {
  it("is unpacked unchanged, whether or not it was worth compressing", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.nat({ max: 50 }), (piece, times) => {
        const text = piece.repeat(times);
        fc.pre(!/\p{Cs}/u.test(text));
        expect(unpackText(packText(text))).to.equal(text);
      }),
    );
  });

  it("is at most one byte longer than the text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 2_000 }), (text) => {
        expect(packText(text).length).to.be.at.most(Buffer.byteLength(text) + 1);
      }),
    );
  });

  it("is much shorter if the text repeats itself", () => {
    expect(packText("2026-01-01 00:00:00:000: INFO: [T] done\n".repeat(500)).length).to.be.below(1_000);
  });

  it("is rejected if its kind is unknown", () => {
    expect(() => unpackText(Buffer.from([9, 65]))).to.throw(/unknown format/);
    expect(() => unpackText(Buffer.alloc(0))).to.throw(/unknown format/);
  });

  it("is unpacked unchanged as JSON, even with unpaired surrogates", () => {
    fc.assert(
      fc.property(fc.jsonValue({ noUnicodeString: false }), (value) => {
        expect(unpackJson(packJson(value))).to.deep.equal(JSON.parse(JSON.stringify(value)));
      }),
    );
    expect(unpackJson(packJson(["\ud800"]))).to.deep.equal(["\ud800"]);
  });
});
