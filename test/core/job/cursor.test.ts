import { expect } from "chai";
import fc from "fast-check";
import { formatCursor, formatEventId, parseCursor, parseEventId, readCursor } from "../../../src/core/job/cursor.js";
import { thrown } from "../../support/deferred.js";

const LARGEST = 2_147_483_647;
const number = fc.oneof(fc.nat({ max: 20 }), fc.nat({ max: LARGEST }), fc.constant(LARGEST));
const mark = fc.oneof(
  fc.constant(""),
  fc
    .tuple(fc.constantFrom("WAITING", "PROCESSING", "SUCCESS"), number, fc.constantFrom(0, 1), fc.constant("SUCCESS"))
    .map((parts) => parts.join("-")),
);

/** What is no whole number from 0 on as we write it, or a larger one than there can be. */
const NO_NUMBER = [
  ["empty", ""],
  ["negative", "-1"],
  ["signed", "+1"],
  ["a fraction", "1.5"],
  ["an exponent", "1e3"],
  ["hexadecimal", "0x1"],
  ["beyond the largest", String(LARGEST + 1)],
  ["beyond 2^53", "9007199254740993"],
  ["too long to be a number", "9".repeat(400)],
  ["with a leading zero", "01"],
  ["zero twice", "00"],
  ["with a space before it", " 1"],
  ["with a space after it", "1 "],
  ["with a line break after it", "1\n"],
  ["in other digits", "١"],
  ["a word", "x"],
] as const;

const REFUSED = { code: "INVALID_PARAMETER", ids: { field: "after" } };
const refusalOf = (action: () => unknown): unknown => {
  const { code, ids } = thrown(action) as { code?: unknown; ids?: unknown };
  return { code, ids };
};

describe("a cursor", () => {
  it("is read back as it was given, whatever its numbers", () => {
    fc.assert(
      fc.property(number, number, (chunk, index) => {
        expect(parseCursor(formatCursor({ chunk, index }), "after")).to.deep.equal({ chunk, index });
      }),
    );
  });

  it("has the form that callers already hold", () => {
    expect(formatCursor({ chunk: 12, index: 345 })).to.equal("12.345");
    expect(parseCursor("0.4497", "after")).to.deep.equal({ chunk: 0, index: 4497 });
    expect(parseCursor("999999999.999999999", "after")).to.deep.equal({ chunk: 999_999_999, index: 999_999_999 });
  });

  for (const [title, text] of NO_NUMBER) {
    it(`is rejected, naming the field, if a number is malformed (${title})`, () => {
      for (const cursor of [`${text}.1`, `1.${text}`]) {
        expect(readCursor(cursor), cursor).to.equal(undefined);
        expect(
          refusalOf(() => parseCursor(cursor, "after")),
          cursor,
        ).to.deep.equal(REFUSED);
      }
    });
  }

  it("is rejected if a part is missing or left over", () => {
    for (const text of ["", ".", "1", "1.2.3", "1,2", "1.2."])
      expect(
        refusalOf(() => parseCursor(text, "after")),
        text,
      ).to.deep.equal(REFUSED);
  });
});

describe("an event's id", () => {
  it("is read back as it was given, whatever the line and the status", () => {
    fc.assert(
      fc.property(number, mark, (line, told) => {
        expect(parseEventId(formatEventId({ line, told }), "after")).to.deep.equal({ line, told });
      }),
    );
  });

  it("has the form that callers already hold", () => {
    const told = "PROCESSING-2-1-SUCCESS";
    expect(formatEventId({ line: 17, told })).to.equal("17.PROCESSING-2-1-SUCCESS");
    expect(parseEventId("17.PROCESSING-2-1-SUCCESS", "after")).to.deep.equal({ line: 17, told });
    expect(parseEventId("3.", "after")).to.deep.equal({ line: 3, told: "" });
  });

  for (const [title, text] of NO_NUMBER) {
    it(`is rejected, naming the field, if the line is malformed (${title})`, () => {
      for (const id of [`${text}.`, `${text}.WAITING-1-0-WAITING`])
        expect(
          refusalOf(() => parseEventId(id, "after")),
          id,
        ).to.deep.equal(REFUSED);
    });
  }

  it("is rejected if the line is followed by no valid status", () => {
    for (const told of ["WAITING", "WAITING-1-2-WAITING", "WAITING-01-0-WAITING", "waiting-1-0-WAITING", " "])
      expect(
        refusalOf(() => parseEventId(`1.${told}`, "after")),
        told,
      ).to.deep.equal(REFUSED);
    expect(refusalOf(() => parseEventId("1", "after"))).to.deep.equal(REFUSED);
  });
});
