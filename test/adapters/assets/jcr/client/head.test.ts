import { expect } from "chai";
import { headOf } from "../../../../../src/adapters/assets/jcr/client/head.js";

describe("the head of a response body", () => {
  const content = Buffer.from(Array.from({ length: 1_000_000 }, (_, i) => i % 251));
  let taken: number;
  let isOpen: boolean;
  beforeEach(() => {
    taken = 0;
    isOpen = true;
  });

  async function* body(length: number, pieceBytes: number): AsyncGenerator<Uint8Array> {
    try {
      for (let at = 0; at < length; at += pieceBytes) {
        const piece = content.subarray(at, Math.min(length, at + pieceBytes));
        taken += piece.length;
        yield piece;
      }
    } finally {
      isOpen = false;
    }
  }

  it("is exactly its first bytes, whatever the size of the pieces", async () => {
    for (const pieceBytes of [1, 7, 4_095, 4_096, 4_097, 65_536]) {
      const head = await headOf(body(100_000, pieceBytes), 4_096);
      expect(head, `in pieces of ${pieceBytes}`).to.deep.equal(content.subarray(0, 4_096));
    }
  });

  it("is the whole of a smaller body, and empty for an empty one", async () => {
    expect(await headOf(body(1_000, 300), 4_096)).to.deep.equal(content.subarray(0, 1_000));
    expect((await headOf(body(0, 300), 4_096)).length).to.equal(0);
  });

  it("has a small rest read to its end, so that the connection can be reused", async () => {
    await headOf(body(200_000, 65_536), 4_096);
    expect(taken).to.equal(200_000);
  });

  it("leaves a large rest unread, and closes the body", async () => {
    await headOf(body(1_000_000, 65_536), 4_096);
    expect(taken).to.equal(5 * 65_536);
    expect(isOpen).to.equal(false);
  });
});
