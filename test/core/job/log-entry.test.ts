import { expect } from "chai";
import fc from "fast-check";
import { escapeLine, formatLine, info } from "../../../src/core/job/log-entry.js";

const AT = Date.UTC(2025, 9, 24, 7, 36, 2, 7);

describe("a log line", () => {
  it("is yyyy-MM-dd HH:mm:ss:SSS: LEVEL: [TYPE] message, in UTC", () => {
    expect(formatLine({ level: "WARN", message: "hm" }, "ASSET_PROCESSING", AT)).to.equal(
      "2025-10-24 07:36:02:007: WARN: [ASSET_PROCESSING] hm",
    );
  });

  it("shows midnight as 00 and milliseconds with three digits", () => {
    expect(formatLine(info("x"), "T", Date.UTC(2026, 0, 1))).to.equal("2026-01-01 00:00:00:000: INFO: [T] x");
  });

  const escaped: [string, string, string][] = [
    ["a newline", "a\nb", "a\\nb"],
    ["a carriage return", "a\rb", "a\\rb"],
    ["a tab", "a\tb", "a\\tb"],
    ["NUL", "a\u0000b", "a\\u0000b"],
    ["escape, which terminals obey", "a\u001b[31mb", "a\\u001b[31mb"],
    ["DEL", "a\u007fb", "a\\u007fb"],
    ["the C1 next line", "a\u0085b", "a\\u0085b"],
    ["the line separator", "a\u2028b", "a\\u2028b"],
    ["the paragraph separator", "a\u2029b", "a\\u2029b"],
    ["half a surrogate pair", "a\ud83db", "a\\ud83db"],
    ["the other half", "a\ude00b", "a\\ude00b"],
  ];
  for (const [title, text, expected] of escaped) {
    it(`escapes ${title}`, () => expect(escapeLine(text)).to.equal(expected));
  }

  it("leaves everything else as it is", () => {
    const text = 'päth/日本語/\u{1f600} "quoted" \\ 100% é e\u0301';
    expect(escapeLine(text)).to.equal(text);
  });

  it("is one line for every event, whatever its message holds", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (message) => {
        const line = formatLine(info(message), "T", AT);
        expect(line.split(/\r\n|[\n\r\v\f\u0085\u2028\u2029]/)).to.have.length(1);
        expect(line).not.to.match(/\p{Cc}/u);
        // It survives being stored as UTF-8.
        expect(Buffer.from(line, "utf8").toString("utf8")).to.equal(line);
      }),
      { numRuns: 2_000 },
    );
  });

  it("is one line for any sequence of 16-bit units", () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 0xffff })), (units) => {
        const line = formatLine(info(String.fromCharCode(...units)), "T", AT);
        expect(line).not.to.match(/[\p{Cc}\u2028\u2029]|\p{Cs}/u);
      }),
      { numRuns: 2_000 },
    );
  });
});
