import { expect } from "chai";
import fc from "fast-check";
import { diffOf, numberText } from "../../../../src/adapters/assets/jcr/dialects/diff.js";
import { isReadableName } from "../../../../src/adapters/assets/jcr/dialects/jcr-names.js";
import { NameWindow } from "../../../../src/adapters/assets/jcr/scan/name-window.js";
import { BrokenAnswer, type JsonValue, streamMembers } from "../../../../src/adapters/assets/jcr/client/json-stream.js";
import { multipart } from "../../../../src/adapters/assets/jcr/client/multipart.js";
import { escapedName, unescapedName } from "../../../../src/adapters/assets/jcr/results/result-codec.js";
import type { Change } from "../../../../src/adapters/assets/jcr/dialects/dialect.js";
import { rejection } from "../../../support/deferred.js";

const textOf = (changes: readonly Change[]): string => {
  const part = diffOf(changes).at(-1);
  return part && "text" in part && typeof part.text === "function" ? part.text() : "";
};

async function* piecesOf(text: string, size: number): AsyncIterable<Uint8Array> {
  const bytes = Buffer.from(text);
  for (let i = 0; i < bytes.length; i += size) yield bytes.subarray(i, i + size);
}

describe("a diff", () => {
  it("has a space before an empty value, and no line end after its last line", () => {
    const node = "/a/jcr:content";
    expect(
      textOf([
        { kind: "reset", node, name: "list", value: ["x", "a : b\n"] },
        { kind: "unset", node, name: "old" },
      ]),
    ).to.equal('^/a/jcr:content/list : \n^/a/jcr:content/list : ["x","a : b\\n"]\n^/a/jcr:content/old : ');
  });

  it("writes integers as digits and other numbers with a point, as Java reads them", () => {
    const written = [5, -1, 0.5, 1e21, 1.5e-7, 2 ** 60, -0, Number.MAX_VALUE].map(numberText);
    const expected = ["5", "-1", "0.5", "1.0E21", "1.5E-7", "1152921504606847000.0", "-0.0", "1.7976931348623157E308"];
    expect(written).to.deep.equal(expected);
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (x) => Object.is(Number(numberText(x)), x)),
    );
  });

  it("creates a node whose name contains a quote under another name and moves it, since parts are named by path", () => {
    const text = textOf([{ kind: "add", path: '/f/a"b', node: { primaryType: "nt:unstructured" } }]);
    expect(text).to.match(
      /^\+\/f\/a~b~[0-9a-f]{16} : \{"jcr:primaryType":"nt:unstructured"\}\n>\/f\/a~b~[0-9a-f]{16} : \/f\/a"b$/,
    );
  });
});

describe("a multipart form", () => {
  it("marks each text as UTF-8 without a file name, and each binary with one", async () => {
    const { body } = multipart([
      { name: ":diff", text: "é" },
      { name: "/a/\u{1f600}", content: () => piecesOf("bytes", 2) },
    ]);
    if (typeof body !== "function") throw new Error("a binary is streamed");
    const pieces: Uint8Array[] = [];
    for await (const piece of body()) pieces.push(piece);
    const text = Buffer.concat(pieces).toString("utf8");
    expect(text).to.match(/name=":diff"\r\nContent-Type: text\/plain; charset=UTF-8\r\n\r\né\r\n/);
    expect(text).to.match(/name="\/a\/\u{1f600}"; filename="content"\r\n.*\r\n\r\nbytes\r\n--assetmill-[\w-]+--\r\n$/u);
  });
});

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

describe("names", () => {
  it("are accepted if JCR has them, and rejected if they would fail a whole request", () => {
    const legal = ["a", "a.dita", "jcr:content", "a[2]", "a[10]", "a b", "%", "x;y", "\u{1f600}", "..a"];
    const illegal = [
      "",
      ".",
      "..",
      "a:b:c",
      ":a",
      "a:",
      "a[",
      "a[0]",
      "a[1]",
      "[2]",
      "a|b",
      "a*",
      " a",
      "a ",
      "a\nb",
      "\ud800",
    ];
    expect(legal.filter((name) => !isReadableName(name))).to.deep.equal([]);
    expect(illegal.filter(isReadableName)).to.deep.equal([]);
  });

  it("of properties are escaped to legal names, and decoded again", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", minLength: 1 }), (name) => {
        const escaped = escapedName(name);
        return /^[\w.~-]+$/.test(escaped) && unescapedName(escaped) === name;
      }),
    );
  });
});
