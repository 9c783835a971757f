import { brotliCompressSync } from "node:zlib";
import { expect } from "chai";
import fc from "fast-check";
import { pack, packJson, packText, unpack, unpackJson, unpackText } from "../../../src/adapters/sql/packed.js";
import { rejection } from "../../support/deferred.js";

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

  it("is unpacked unchanged if it was packed outside the thread, and by that also what was packed in it", async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: "binary" }), fc.nat({ max: 50 }), async (piece, times) => {
        const text = piece.repeat(times);
        fc.pre(!/\p{Cs}/u.test(text));
        expect(await unpack(await pack(text))).to.equal(text);
        expect(await unpack(packText(text))).to.equal(text);
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

  it("is much shorter if the text repeats itself", async () => {
    const text = "2026-01-01 00:00:00:000: INFO: [T] done\n".repeat(500);
    expect([packText(text).length < 1_000, (await pack(text)).length < 1_000]).to.deep.equal([true, true]);
  });

  it("is rejected if it does not end, or would exhaust memory", async () => {
    const packed = await pack("0123456789".repeat(100));
    expect(await rejection(unpack(packed.subarray(0, 9)))).to.be.an("error");
    const bomb = Buffer.concat([Buffer.of(2), brotliCompressSync(Buffer.alloc(256 * 1024 * 1024 + 1))]);
    expect(await rejection(unpack(bomb))).to.include({ code: "ERR_BUFFER_TOO_LARGE" });
  });

  it("is rejected if its kind is unknown", async () => {
    expect(String(await rejection(unpack(Buffer.from([9, 65]))))).to.match(/unknown format/);
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
