import { expect } from "chai";
import {
  BrokenAnswer,
  type JsonValue,
  streamMembers,
} from "../../../../../src/adapters/assets/jcr/client/json-stream.js";
import { rejection } from "../../../../support/deferred.js";

async function* piecesOf(text: string, size: number): AsyncIterable<Uint8Array> {
  const bytes = Buffer.from(text);
  for (let i = 0; i < bytes.length; i += size) yield bytes.subarray(i, i + size);
}

describe("a streamed JSON document", () => {
  const read = async (text: string, depth: number, size: number): Promise<[string, JsonValue][]> => {
    const members: [string, JsonValue][] = [];
    await streamMembers(piecesOf(text, size), depth, (name, value) => void members.push([name, value]));
    return members;
  };

  it("keeps order, odd names, repeated names, and every digit, however it is split", async () => {
    const text = '{"10":1,"__proto__":"p","b":9007199254740993,"a":1.0E21,"b":{"x":[1,"é\u{1f600}"]},"c":null}';
    for (const size of [1, 2, 3, 7, 1_000]) {
      expect(await read(text, 0, size)).to.deep.equal([
        ["10", 1],
        ["__proto__", "p"],
        ["b", 9007199254740993n],
        ["a", 1e21],
        ["b", { members: [["x", [1, "é\u{1f600}"]]] }],
        ["c", null],
      ]);
    }
  });

  it("hands out the members at a given depth", async () => {
    const text = '{"other":[1,"x"],"nodes":{"/a":{"p":1,"child":{}},"/b":{"p":2}}}';
    expect((await read(text, 1, 5)).map(([name]) => name)).to.deep.equal(["/a", "/b"]);
    expect((await read(text, 2, 5)).map(([name]) => name)).to.deep.equal(["p", "child", "p"]);
    const within: string[] = [];
    await streamMembers(piecesOf(text, 5), 2, (_name, _value, path) => void within.push(path));
    expect(within).to.deep.equal(["/a", "/a", "/b"]);
  });

  it("is reported as broken if it ends anywhere too early or is not JSON", async () => {
    const text = '{"nodes":{"/a":{"p":"x"}}}';
    for (let i = 0; i < text.length; i++) {
      expect(await rejection(read(text.slice(0, i), 0, 4)), text.slice(0, i)).to.be.instanceOf(BrokenAnswer);
    }
    expect(await rejection(read("<html>", 0, 4))).to.be.instanceOf(BrokenAnswer);
  });
});
