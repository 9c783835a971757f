import { expect } from "chai";
import { type EdgeOfDay, pointInTime } from "../../src/cli/point-in-time.js";
import { AssetmillError } from "../../src/core/errors.js";
import { thrown } from "../support/deferred.js";

describe("a point in time on the command line", () => {
  const taken: [string, EdgeOfDay, string][] = [
    ["2026-01-31", "first", "2026-01-31T00:00:00.000Z"],
    ["2026-01-31", "last", "2026-01-31T23:59:59.999Z"],
    ["2024-02-29", "last", "2024-02-29T23:59:59.999Z"],
    ["2026-01-31T08:00Z", "first", "2026-01-31T08:00:00.000Z"],
    ["2026-01-31T08:00:00Z", "last", "2026-01-31T08:00:00.000Z"],
    ["2026-01-31T08:00:00.25+02:00", "last", "2026-01-31T06:00:00.250Z"],
    ["1970-01-01", "first", "1970-01-01T00:00:00.000Z"],
    ["1761291362776", "last", "2025-10-24T07:36:02.776Z"],
  ];
  for (const [text, edge, expected] of taken) {
    it(`${text} is ${expected} as the ${edge} that counts`, () =>
      expect(new Date(pointInTime(text, edge, "created-before")).toISOString()).to.equal(expected));
  }

  it("before 1970 is refused: assets have no such times", () => {
    for (const text of ["1969-12-31", "1970-01-01T00:00+01:00"]) {
      const error = thrown(() => pointInTime(text, "last", "created-before")) as Error;
      expect(error.message).to.equal(`created-before: must not be before 1970-01-01; got ${text}`);
    }
  });

  const refused = [
    "03/02/2026",
    "31/01/2026",
    "Jan 5",
    "5 January 2026",
    "2026-1-5",
    "2026-01",
    "2026",
    "20260131",
    "2026-02-31",
    "2026-02-31T08:00:00Z",
    "2026-01-31 08:00Z",
    "2026-01-31T08:00:00",
    "2026-01-31T24:00Z",
    "2026-01-31T8:00Z",
    "2026-01-31Z",
    " 2026-01-31",
    "1761291362",
    "yesterday",
    "",
  ];
  for (const text of refused) {
    it(`${JSON.stringify(text)} is refused, with the value and the forms that are taken`, () => {
      const error = thrown(() => pointInTime(text, "first", "created-after"));
      expect(AssetmillError.is(error) && error.code).to.equal("INVALID_PARAMETER");
      expect((error as Error).message)
        .to.include(JSON.stringify(text))
        .and.include("2026-01-31");
      expect((error as AssetmillError).ids.field).to.equal("created-after");
    });
  }
});
