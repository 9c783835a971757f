import { expect } from "chai";
import { EndLog } from "../../../src/adapters/threads/end-log.js";
import type { SentEnd } from "../../../src/adapters/threads/messages.js";

const endOf = (text: string): SentEnd => ({
  returned: { properties: { text } },
  textWarning: undefined,
  hash: "sha256:x",
  others: { "/there": true },
  busyMs: 1.5,
});

function logs(assets: number): { readonly writer: EndLog; readonly reader: EndLog } {
  const memory = new SharedArrayBuffer(16 + EndLog.bytesFor(assets));
  return { writer: new EndLog(memory, 16), reader: new EndLog(memory, 16) };
}

function read(log: EndLog, count?: number): readonly (readonly [number, unknown])[] {
  const all: [number, unknown][] = [];
  log.read((index, end) => all.push([index, "returned" in end ? end.returned?.properties?.text : end.error]), count);
  return all;
}

describe("the ends of a batch in shared memory", () => {
  it("are read once each, in order, whatever characters they have", () => {
    const { writer, reader } = logs(3);
    expect(writer.write(2, endOf("plain"))).to.equal(true);
    expect(writer.write(0, endOf("ä€😀\u0000\ud800"))).to.equal(true);
    expect(read(reader)).to.deep.equal([
      [2, "plain"],
      [0, "ä€😀\u0000\ud800"],
    ]);
    expect(read(reader)).to.deep.equal([]);
    const error = { kind: "other", message: "why" } as const;
    expect(writer.write(1, { error, hash: null, busyMs: 0 })).to.equal(true);
    expect(read(reader)).to.deep.equal([[1, error]]);
  });

  it("are read only as far as was announced", () => {
    const { writer, reader } = logs(2);
    writer.write(0, endOf("a"));
    writer.write(1, endOf("b"));
    expect(read(reader, 1)).to.deep.equal([[0, "a"]]);
    expect(read(reader, 1)).to.deep.equal([]);
    expect(read(reader)).to.deep.equal([[1, "b"]]);
  });

  it("are refused if there may not be enough room, and what was written before and after stays whole", () => {
    const { writer, reader } = logs(1);
    expect(writer.write(0, endOf("x".repeat(3_000)))).to.equal(false);
    expect(writer.write(1, endOf("€".repeat(500)))).to.equal(true);
    expect(writer.write(2, endOf("x".repeat(3_000)))).to.equal(false);
    expect(writer.write(3, endOf("y"))).to.equal(true);
    expect(read(reader)).to.deep.equal([
      [1, "€".repeat(500)],
      [3, "y"],
    ]);
  });
});
