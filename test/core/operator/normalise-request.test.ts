import { expect } from "chai";
import { AssetmillError } from "../../../src/core/errors.js";
import { FILE_TYPES } from "../../../src/core/asset/file-type.js";
import { sameRequest } from "../../../src/core/job/request-fingerprint.js";
import { normaliseRequest } from "../../../src/core/operator/normalise-request.js";
import type { StartRequest } from "../../../src/core/ports/job-operator.js";
import { thrown } from "../../support/deferred.js";

const TYPES = ["ASSET_PROCESSING", "OTHER_WORK"];
const GOOD = { path: "/content/dam/a", type: "ASSET_PROCESSING" };
const normalise = (request: object) => normaliseRequest(request as StartRequest, TYPES);

describe("a start request", () => {
  it("needs no more than a path and a type", () => {
    expect(normalise(GOOD)).to.deep.equal({ type: "ASSET_PROCESSING", paths: ["/content/dam/a"], priority: 5 });
  });

  it("treats null as absent, in every field that may be absent", () => {
    const absent = { paths: null, excludedPaths: null, filter: null, priority: null, maxFailures: null };
    expect(normalise({ ...GOOD, ...absent, dryRun: null, onOverlap: null })).to.deep.equal(normalise(GOOD));
    const ofFilter = { fileTypes: null, startTime: null, endTime: null, filterProcessedAssets: null };
    expect(normalise({ ...GOOD, filter: ofFilter })).to.deep.equal(normalise({ ...GOOD, filter: {} }));
    const inPaths = { ...GOOD, path: null, paths: ["/content/dam/a"] };
    expect(normalise(inPaths)).to.deep.equal(normalise(GOOD));
    expect(thrown(() => normalise({ ...GOOD, path: null }))).to.include({ message: "path: is required" });
    expect(thrown(() => normalise({ ...GOOD, exludedPaths: null }))).to.include({ code: "UNKNOWN_FIELD" });
    expect(thrown(() => normalise({ ...GOOD, filter: { filetypes: null } }))).to.include({ code: "UNKNOWN_FIELD" });
  });

  const taken: [string, object, object][] = [
    ["its path normalised", { path: "content//dam/a/" }, { paths: ["/content/dam/a"] }],
    ["the repository as its path", { path: "/" }, { paths: ["/"] }],
    ["several paths, in the order given", { path: undefined, paths: ["/b", "/a"] }, { paths: ["/b", "/a"] }],
    ["a path given twice once", { path: undefined, paths: ["/b", "b/", "/a"] }, { paths: ["/b", "/a"] }],
    ["excludedPaths as a list", { excludedPaths: ["/a", "b/"] }, { excludedPaths: ["/a", "/b"] }],
    ["excludedPaths as one string", { excludedPaths: "content/dam/a/x" }, { excludedPaths: ["/content/dam/a/x"] }],
    ["an empty list of excludedPaths", { excludedPaths: [] }, { excludedPaths: [] }],
    ["an empty filter", { filter: {} }, { filter: { fileTypes: [], filterProcessedAssets: false } }],
    ["no file type", { filter: { fileTypes: [] } }, { filter: { fileTypes: [], filterProcessedAssets: false } }],
    [
      "one file type as a string",
      { filter: { fileTypes: "HTML/CSS" } },
      { filter: { fileTypes: ["HTML/CSS"], filterProcessedAssets: false } },
    ],
    [
      "file types in one order, each once",
      { filter: { fileTypes: ["OTHERS", "DITATOPIC", "OTHERS"] } },
      { filter: { fileTypes: ["DITATOPIC", "OTHERS"], filterProcessedAssets: false } },
    ],
    [
      "every file type",
      { filter: { fileTypes: [...FILE_TYPES] } },
      { filter: { fileTypes: [...FILE_TYPES], filterProcessedAssets: false } },
    ],
    [
      "epoch milliseconds",
      { filter: { startTime: 1_761_291_362_776, endTime: 1_761_291_362_776, filterProcessedAssets: true } },
      {
        filter: {
          fileTypes: [],
          startTime: 1_761_291_362_776,
          endTime: 1_761_291_362_776,
          filterProcessedAssets: true,
        },
      },
    ],
    [
      "0 as a time",
      { filter: { startTime: 0, endTime: 0 } },
      { filter: { fileTypes: [], startTime: 0, endTime: 0, filterProcessedAssets: false } },
    ],
    ["priority 0", { priority: 0 }, { priority: 0 }],
    ["priority 9", { priority: 9 }, { priority: 9 }],
    ["maxFailures 0", { maxFailures: 0 }, { maxFailures: 0 }],
    ["maxFailures as a count", { maxFailures: 12 }, { maxFailures: 12 }],
    ["maxFailures as a percentage", { maxFailures: "5%" }, { maxFailures: "5%" }],
    ["maxFailures as a fraction of a percent", { maxFailures: "0.5%" }, { maxFailures: "0.5%" }],
    ["maxFailures as all", { maxFailures: "100%" }, { maxFailures: "100%" }],
    ["another known type", { type: "OTHER_WORK" }, { type: "OTHER_WORK" }],
  ];
  for (const [title, given, expected] of taken) {
    it(`has ${title}`, () => {
      expect(normalise({ ...GOOD, ...given })).to.deep.equal({
        type: "ASSET_PROCESSING",
        paths: ["/content/dam/a"],
        priority: 5,
        ...expected,
      });
    });
  }

  it("has no excludedPaths, rather than an empty list, if it gave none", () => {
    expect(normalise(GOOD)).not.to.have.property("excludedPaths");
    expect(normalise(GOOD)).not.to.have.property("filter");
    expect(normalise(GOOD)).not.to.have.property("maxFailures");
  });

  const refused: [string, object, string, string?][] = [
    ["no path", { path: undefined }, "path"],
    ["an empty path", { path: "" }, "path"],
    ["a path that is no string", { path: 7 }, "path"],
    ["a path with a .. segment", { path: "/a/../b" }, "path"],
    ["a path with a newline and no leading slash", { path: "a\nb" }, "path"],
    ["no path in paths", { path: undefined, paths: [] }, "paths"],
    ["a bad one among its paths", { path: undefined, paths: ["/a", "/a/.."] }, "paths[1]"],
    ["paths that are no list", { path: undefined, paths: {} }, "paths"],
    ["something else among its excludedPaths", { excludedPaths: ["/a", null] }, "excludedPaths[1]"],
    ["excludedPaths that are no list", { excludedPaths: 7 }, "excludedPaths"],
    ["an empty string as excludedPaths", { excludedPaths: "" }, "excludedPaths[0]"],
    ["no type", { type: undefined }, "type"],
    ["an empty type", { type: "" }, "type"],
    ["a type that is no string", { type: 7 }, "type"],
    ["a type that is not known", { type: "NOPE" }, "type", "UNKNOWN_TYPE"],
    ["a filter that is no object", { filter: "DITATOPIC" }, "filter"],
    ["a filter that is a list", { filter: ["DITATOPIC"] }, "filter.0", "UNKNOWN_FIELD"],
    ["a file type that is not known", { filter: { fileTypes: ["DITATOPIC", "PDF"] } }, "filter.fileTypes"],
    ["a file type in small letters", { filter: { fileTypes: "ditamap" } }, "filter.fileTypes"],
    ["file types that are no list", { filter: { fileTypes: 7 } }, "filter.fileTypes"],
    ["a time that is a string", { filter: { startTime: "1761291362776" } }, "filter.startTime"],
    ["a time that is a date", { filter: { startTime: new Date() } }, "filter.startTime"],
    ["a time with a fraction", { filter: { endTime: 1_761_291_362_776.5 } }, "filter.endTime"],
    ["a time before the epoch", { filter: { startTime: -1 } }, "filter.startTime"],
    ["a time that is not a number", { filter: { endTime: Number.NaN } }, "filter.endTime"],
    ["a time after all times", { filter: { endTime: 8_640_000_000_000_001 } }, "filter.endTime"],
    ["a start after the end", { filter: { startTime: 20_000_000_001, endTime: 20_000_000_000 } }, "filter.startTime"],
    [
      "filterProcessedAssets as a string",
      { filter: { filterProcessedAssets: "true" } },
      "filter.filterProcessedAssets",
    ],
    ["priority 10", { priority: 10 }, "priority"],
    ["priority -1", { priority: -1 }, "priority"],
    ["priority 1.5", { priority: 1.5 }, "priority"],
    ["priority as a string", { priority: "5" }, "priority"],
    ["maxFailures -1", { maxFailures: -1 }, "maxFailures"],
    ["maxFailures 1.5", { maxFailures: 1.5 }, "maxFailures"],
    ["maxFailures as a bare string", { maxFailures: "5" }, "maxFailures"],
    ["maxFailures of 101%", { maxFailures: "101%" }, "maxFailures"],
    ["maxFailures of 100.5%", { maxFailures: "100.5%" }, "maxFailures"],
    ["maxFailures of -1%", { maxFailures: "-1%" }, "maxFailures"],
    ["maxFailures of %", { maxFailures: "%" }, "maxFailures"],
    ["maxFailures with a blank", { maxFailures: "5 %" }, "maxFailures"],
    ["maxFailures as a list", { maxFailures: [5] }, "maxFailures"],
    ["a misspelt field", { exludedPaths: ["/a"] }, "exludedPaths", "UNKNOWN_FIELD"],
    ["a misspelt field in the filter", { filter: { fileType: "DITAMAP" } }, "filter.fileType", "UNKNOWN_FIELD"],
    ["a field of the filter beside it", { fileTypes: [] }, "fileTypes", "UNKNOWN_FIELD"],
  ];
  for (const [title, given, field, code = "INVALID_PARAMETER"] of refused) {
    it(`is rejected if it has ${title}, naming ${field}`, () => {
      const error = thrown(() => normalise({ ...GOOD, ...given }));
      expect(AssetmillError.is(error), String(error)).to.equal(true);
      expect((error as AssetmillError).code).to.equal(code);
      expect((error as AssetmillError).fields.map((one) => one.field)).to.deep.equal([field]);
    });
  }

  for (const time of [1_000_000_000, 1_761_291_362, 9_999_999_999]) {
    it(`is rejected if it has a time of ${time}, with the hint that it looks like seconds`, () => {
      const error = thrown(() => normalise({ ...GOOD, filter: { endTime: time } }));
      expect((error as AssetmillError).code).to.equal("INVALID_PARAMETER");
      expect((error as AssetmillError).message)
        .to.match(/seconds/)
        .and.to.match(/milliseconds/);
    });
  }

  for (const time of [999_999_999, 10_000_000_000]) {
    it(`is accepted with a time of ${time}, which does not have ten digits`, () => {
      expect(normalise({ ...GOOD, filter: { startTime: time } }).filter?.startTime).to.equal(time);
    });
  }

  it("is rejected with the known types if its type is unknown", () => {
    expect((thrown(() => normalise({ ...GOOD, type: "NOPE" })) as Error).message).to.match(
      /ASSET_PROCESSING, OTHER_WORK/,
    );
  });

  it("is rejected with the allowed file types if its file type is unknown", () => {
    const error = thrown(() => normalise({ ...GOOD, filter: { fileTypes: ["PDF"] } }));
    for (const type of FILE_TYPES) expect((error as Error).message).to.include(type);
  });

  it("equals one that describes the same work differently", () => {
    const a = normalise({ ...GOOD, path: "content/dam/a/", filter: { fileTypes: ["OTHERS", "DITAMAP"] } });
    const b = normalise({ ...GOOD, excludedPaths: [], filter: { fileTypes: ["DITAMAP", "OTHERS"] }, priority: 0 });
    expect(sameRequest(a, b)).to.equal(true);
  });

  for (const [title, over] of [
    ["another path", { path: "/content/dam/b" }],
    ["another exclusion", { excludedPaths: "/content/dam/a/x" }],
    ["another type", { type: "OTHER_WORK" }],
    ["another file type", { filter: { fileTypes: "OTHERS" } }],
    ["another bound", { filter: { endTime: 5 } }],
    ["only what changed", { filter: { filterProcessedAssets: true } }],
    ["another maxFailures", { maxFailures: 1 }],
  ] as const) {
    it(`differs from one that asks for ${title}`, () => {
      expect(sameRequest(normalise(GOOD), normalise({ ...GOOD, ...over }))).to.equal(false);
    });
  }
});
