import { expect } from "chai";
import fc from "fast-check";
import { jsonErrorOffset } from "../../src/http/json-error-offset.js";
import { client } from "./client.js";

const GOOD = '{"path":"/a","type":"T"}';

describe("a request's body", () => {
  const types: [string | undefined, taken: boolean][] = [
    ["application/json", true],
    ["Application/JSON; charset=UTF-8", true],
    ['application/json ;charset="utf-8"', true],
    ["application/json; profile=x", true],
    ["application/json; charset=latin1", false],
    ["application/merge-patch+json", false],
    ["text/plain", false],
    ["application/x-www-form-urlencoded", false],
    ["multipart/form-data; boundary=x", false],
    ["application/jsonp", false],
    ["", false],
    [undefined, false],
  ];
  for (const [type, taken] of types) {
    it(`is ${taken ? "accepted" : "refused"} as ${type ?? "no type at all"}`, async () => {
      const headers = type === undefined ? {} : { "Content-Type": type };
      const body = new TextEncoder().encode(GOOD);
      const answer = await client().post(body, headers as Record<string, string>);
      expect([answer.status, answer.body.code]).to.deep.equal(
        taken ? [200, undefined] : [400, "UNSUPPORTED_MEDIA_TYPE"],
      );
      if (!taken) {
        const semantic = await client({ statusCodes: "semantic" }).post(body, headers as Record<string, string>);
        expect(semantic.status).to.equal(415);
      }
    });
  }

  it("must not be compressed", async () => {
    const answer = await client().post(GOOD, { "Content-Type": "application/json", "Content-Encoding": "gzip" });
    expect(answer.body.code).to.equal("UNSUPPORTED_MEDIA_TYPE");
  });

  const positions: [text: string, detail: string][] = [
    ["", "the body is empty"],
    [" \n ", "the body is empty"],
    ["{", "unexpected end at line 1, column 2"],
    ['{"a":1,}', 'unexpected "}" at line 1, column 8'],
    ['{"a":tru}', 'unexpected "}" at line 1, column 9'],
    ['{\n  "a": 1\n  "b": 2\n}', 'unexpected "\\"" at line 3, column 3'],
    ["{'a':1}", 'unexpected "\'" at line 1, column 2'],
    ['{"é😀": x}', 'unexpected "x" at line 1, column 8'],
    ['{"a":"x\ny"}', 'unexpected "\\n" at line 1, column 8'],
    [`${GOOD} x`, `unexpected "x" at line 1, column ${GOOD.length + 2}`],
    ["[1,2", "unexpected end at line 1, column 5"],
    ["[".repeat(300_000), "unexpected end at line 1, column 300001"],
    ["😀", 'unexpected "😀" at line 1, column 1'],
    ["01", 'unexpected "1" at line 1, column 2'],
  ];
  for (const [text, detail] of positions) {
    it(`is rejected with the place where ${JSON.stringify(text.slice(0, 30))} stops being JSON`, async () => {
      const { status, body } = await client().post(text);
      expect([status, body.code, body.detail]).to.deep.equal([400, "INVALID_JSON", detail]);
    });
  }

  it("is rejected if its UTF-8 is invalid", async () => {
    const bytes = Buffer.concat([Buffer.from('{"path":"/'), Buffer.from([0xff, 0xfe]), Buffer.from('","type":"T"}')]);
    const { status, body } = await client().post(bytes);
    expect([status, body.code, body.detail]).to.deep.equal([400, "INVALID_JSON", "the body is not valid UTF-8"]);
  });

  it("may begin with a byte order mark", async () => {
    expect((await client().post(`\uFEFF${GOOD}`)).status).to.equal(200);
  });

  it("may be nested very deeply", async () => {
    const { body } = await client().post(`{"type":"T","path":${"[".repeat(200_000)}${"]".repeat(200_000)}}`);
    expect(body.code).to.equal("INVALID_PARAMETER");
  });

  const padded = (size: number): string => GOOD + " ".repeat(size - GOOD.length);
  const inPieces = (text: string): ReadableStream => new Blob([text]).stream();

  it("may have exactly as many bytes as the limit allows", async () => {
    const { post } = client({ maxBodyBytes: 1000 });
    expect((await post(padded(1000))).status).to.equal(200);
    expect((await post(inPieces(padded(1000).replace("/a", "/b")))).status).to.equal(200);
  });

  it("is TOO_LARGE above the limit: announced, unannounced, or announced as less", async () => {
    const { post, operator } = client({ maxBodyBytes: 1000 });
    const json = { "Content-Type": "application/json" };
    const big = padded(1001);
    for (const [body, headers] of [
      [big, json],
      [inPieces(big), json],
      [inPieces(big), { ...json, "Content-Length": "5" }],
      [inPieces(GOOD), { ...json, "Content-Length": "1001" }],
    ] as const) {
      const answer = await post(body, headers);
      expect([answer.status, answer.body.code]).to.deep.equal([400, "TOO_LARGE"]);
    }
    expect((await client({ maxBodyBytes: 10, statusCodes: "semantic" }).post(big)).status).to.equal(413);
    expect(operator.calls).to.deep.equal([]);
  });

  it("is not read further once it is too large", async () => {
    let pulls = 0;
    let cancelled = false;
    const endless = new ReadableStream({
      pull(controller) {
        pulls++;
        controller.enqueue(new Uint8Array(500).fill(32));
      },
      cancel() {
        cancelled = true;
      },
    });
    expect((await client({ maxBodyBytes: 1000 }).post(endless)).body.code).to.equal("TOO_LARGE");
    expect(cancelled).to.equal(true);
    expect(pulls).to.be.lessThan(8);
  });

  it("is the caller's fault if it breaks off", async () => {
    const errors: unknown[] = [];
    const broken = new ReadableStream({ start: (controller) => controller.error(new Error("reset")) });
    const { status, body } = await client({ onError: (error) => errors.push(error) }).post(broken);
    expect([status, body.code]).to.deep.equal([400, "INVALID_JSON"]);
    expect(errors).to.deep.equal([]);
  });
});

/** JSON that somebody typed: sound text with a few characters lost, added or changed. */
const almostJson = fc
  .tuple(fc.json(), fc.array(fc.tuple(fc.nat(), fc.nat(2), fc.constantFrom(..."{}[]\",:\\ \n01-.eutfn'x\u0001é"))))
  .map(([text, edits]) =>
    edits.reduce((current, [seed, cut, char]) => {
      const at = seed % (current.length + 1);
      return current.slice(0, at) + (seed % 3 === 0 ? "" : char) + current.slice(at + cut);
    }, text),
  );

describe("the offset of an error in JSON", () => {
  const messageOf = (text: string): string | undefined => {
    try {
      JSON.parse(text);
      return undefined;
    } catch (error) {
      return (error as Error).message;
    }
  };

  it("is defined exactly if JSON.parse fails, and lies close to the position that JSON.parse reports", () => {
    fc.assert(
      fc.property(fc.oneof(almostJson, fc.string({ unit: "binary" })), (text) => {
        const message = messageOf(text);
        const offset = jsonErrorOffset(text);
        expect(offset === undefined, message).to.equal(message === undefined);
        if (message === undefined || offset === undefined) return;
        expect(offset).to.be.within(0, text.length);
        // V8 blames the character after a number's "-", "." or "e", and the first of a word's end.
        const said = /position (\d+)/.exec(message)?.[1];
        if (said !== undefined) expect(Math.abs(Number(said) - offset), `${text} ${message}`).to.be.at.most(6);
        if (message === "Unexpected end of JSON input") expect(offset).to.be.at.least(text.trimEnd().length - 6);
      }),
      { numRuns: 5000 },
    );
  });

  it("is undefined for every valid text", () => {
    fc.assert(
      fc.property(fc.json(), fc.constantFrom(undefined, 1, "\t"), (text, indent) => {
        expect(jsonErrorOffset(JSON.stringify(JSON.parse(text), null, indent))).to.equal(undefined);
      }),
    );
  });
});
