import { expect } from "chai";
import { multipart } from "../../../../../src/adapters/assets/jcr/client/multipart.js";

async function* piecesOf(text: string): AsyncIterable<Uint8Array> {
  for (const byte of Buffer.from(text)) yield Buffer.of(byte);
}

describe("a multipart form", () => {
  it("marks each text as UTF-8 without a file name, and each binary with one", async () => {
    const { body } = multipart([
      { name: ":diff", text: "é" },
      { name: "/a/\u{1f600}", content: () => piecesOf("bytes") },
    ]);
    if (typeof body !== "function") throw new Error("a binary is streamed");
    const pieces: Uint8Array[] = [];
    for await (const piece of body()) pieces.push(piece);
    const text = Buffer.concat(pieces).toString("utf8");
    expect(text).to.match(/name=":diff"\r\nContent-Type: text\/plain; charset=UTF-8\r\n\r\né\r\n/);
    expect(text).to.match(/name="\/a\/\u{1f600}"; filename="content"\r\n.*\r\n\r\nbytes\r\n--assetmill-[\w-]+--\r\n$/u);
  });
});
