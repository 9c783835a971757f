import { expect } from "chai";
import { packManifest, unpackManifest } from "../../../src/adapters/store/manifest-codec.js";
import { packOutcomes, unpackOutcomes } from "../../../src/adapters/store/outcome-codec.js";
import { packJson, unpack, unpackJson, unpackText } from "../../../src/adapters/sql/packed.js";
import { FILE_TYPES, type FileType } from "../../../src/core/asset/file-type.js";
import { SKIP_CODES, type SkipCode } from "../../../src/core/asset/outcome.js";
import type { ManifestEntry } from "../../../src/core/job/chunk.js";
import { type IndexedOutcome, Outcomes } from "../../../src/core/job/outcomes.js";
import { entriesIn } from "../../../src/core/job/manifest.js";
import { rejection } from "../../support/deferred.js";

/**
 * Rows as commit 97e9fdb wrote them, when a file type was stored as its position in FILE_TYPES. Their bytes and what they
 * hold are spelled out: nothing here is derived from a list in the source. Databases hold such rows, so an entry may be
 * added here, but none may change.
 */
const SHORT_MANIFEST = golden([
  "AHsicGF0aHMiOlsiL2EvYi5kaXRhIiwiL2Evw6kubWQiXSwidHlwZXMiOlswLDJdLCJzaXplcyI6WzEyLDBdLCJjcmVhdGVkIjpbMSwtNV0sIm",
  "1vZGlmaWVkIjpbMiwxNzYwMDAwMDAwMDAwXSwic2tpcHMiOnsiMSI6IlNVQl9BU1NFVCJ9fQ==",
]);
const SHORT_ENTRIES: readonly ManifestEntry[] = [
  { asset: { path: "/a/b.dita", fileType: "DITATOPIC", sizeBytes: 12, createdMs: 1, modifiedMs: 2 } },
  {
    asset: { path: "/a/é.md", fileType: "MARKDOWN", sizeBytes: 0, createdMs: -5, modifiedMs: 1_760_000_000_000 },
    skip: "SUB_ASSET",
  },
];

const LONG_MANIFEST = golden([
  "Aa2SUW+CMBDHv8s93+wdim68MWVq4sqi+GQIqQKDTJAIWbIZv/tSNxd4QJPN9qX//q93v2t7gEJVSQnWCsRml1dRXolQZSLebcNof0dCdcK0Uo",
  "At9vpkZ6pojdh0srDVDDtJlW1b7eiU/V21R8SddZq3nOfL8CyuwbO4AM/iIjyLa/AsvuF9hOqjiPQbEDIa2MUemlhb+whl+nmOIEKDCLtE2CNC",
  "k3QkE6NBjF1i7BGjSewjbPaRqqIQrBUP+vQ7sK64oYyG6jZUr6HMhqKG+nNOHyHbhWmcNqGZdJPnFpioVoCJatBMVINmoho0E9Wgb5fTR0hUme",
  "j3OQCDBWWiDLNvUfy/CQiDG2Y7IpRvaXGi7IMF07F0584oeLG9yU+poSs9R3rB09wePzvSA4R7sGCxfAzsxcLR+gEs8Oa2XMxsb+rKwF16L0tt",
  "MIEFSzmc2HLsjPSGvgrpBhNbjmbOHI4I8V69ZlFe6b9uIrN//AI=",
]);
const NAMES: readonly (readonly [name: string, fileType: FileType, skip: SkipCode])[] = [
  ["a.dita", "DITATOPIC", "IGNORED_PATH"],
  ["b.ditamap", "DITAMAP", "CONTENT_FRAGMENT"],
  ["c.md", "MARKDOWN", "SUB_ASSET"],
  ["d.html", "HTML/CSS", "TRANSLATION_OUTPUT"],
  ["e.ditaval", "DITAVAL", "UNCHANGED"],
  ["f.bin", "OTHERS", "NO_HANDLER"],
];
const LONG_ENTRIES: readonly ManifestEntry[] = [0, 1].flatMap((folder) =>
  NAMES.map(([name, fileType, skip], i) => ({
    asset: {
      path: `/content/dam/folder-${folder}/${name}`,
      fileType,
      sizeBytes: 100 * i + folder,
      createdMs: 1_760_000_000_000 + i,
      modifiedMs: 1_760_000_001_000 + i,
      ...(i === 1 ? { contentHash: `sha256:${"0f".repeat(32)}` } : {}),
      ...(i === 5 ? { contentFragment: true as const } : {}),
    },
    ...(folder === 1 ? { skip } : {}),
  })),
);

const SHORT_PART = golden([
  "AHsiaW5kaWNlcyI6WzAsMyw0LDldLCJhZ2VzIjpbNyw1LDAsMV0sIm90aGVycyI6W1sxLHsiayI6IlMiLCJuIjoyfV0sWzIseyJrIjoiRiIsIm",
  "MiOiJYIiwibSI6IsOpIiwibiI6M31dLFszLHsiayI6IksiLCJjIjoiR09ORSIsIm4iOjB9XV19",
]);
/** How the same outcomes are written since indices and ages are stored in runs. */
const SHORT_RUNS =
  '{"runs":[0,1,3,2,9,1],"aged":[7,1,5,1,0,1,1,1],"others":[[1,{"k":"S","n":2}],[2,{"k":"F","c":"X","m":"é","n":3}],[3,{"k":"K","c":"GONE","n":0}]]}';
const SHORT_OUTCOMES: readonly IndexedOutcome[] = [
  { index: 0, ageMs: 7, outcome: { kind: "SUCCEEDED", attempts: 1, warnings: [] } },
  { index: 3, ageMs: 5, outcome: { kind: "SUCCEEDED", attempts: 2, warnings: [] } },
  { index: 4, ageMs: 0, outcome: { kind: "FAILED", code: "X", message: "é", attempts: 3 } },
  { index: 9, ageMs: 1, outcome: { kind: "SKIPPED", code: "GONE", attempts: 0 } },
];

const LONG_PART = golden([
  "AXWTX2vbQBDEv8s+z4PuTv/fLtLZFnHujCQTgjEiJKE2JS60gVJCvnu5qzeWFJfR685vd270TsfT8/Hp5ReVuwgCEgoxEqTIkKOAiCAEhIRQED",
  "FEApFCZBA5RAEZQQpICakgY8gEMoXMIHPIAiqCElByD3r8diZE8BQvGaTgFQcl8EqDMnjlQQW8/Cb+24N+vB1efvqNdwLv9J1KuiXQE5XULK1r",
  "TT1sdL8i0IFKej6+PRLoRGX0scdOnicW54mVtvXatINpW9cS6JVKeo3+DQg/EM8QlbO9sf2waPXyztj+PPP78Gc0lMwotdH1urGGAeLLcoGVzV",
  "jd9mbQXWc85ESl9PvkM+uNazpn2ViOlhDRzK5vte3Wum+cHdy232yny0/TUh4mOGCOqzW6Hha6WZuaker6LULN6FtbrbRdhsETlXHw53TZ/75t",
  "ejMDxOOb0pmrdcP5CecPkQQAR8oAXVWm64ba2OZyQvKfE4oZbOnCE06DSj1HctbMuXsY3P3ns6SjEyRXkEt7icWX77NIWfDlFNn3al+z6/tLri",
  "GT1q665fzzYM9xsv28qPl4ca4e21Ur4/18lybhT/MpAoijZNC0tsX1AxTXj4k3D6PXPlEpwj+tOFE2v9JScfmn9x9/AQ==",
]);
const SKIPS: readonly SkipCode[] = [
  "IGNORED_PATH",
  "CONTENT_FRAGMENT",
  "SUB_ASSET",
  "TRANSLATION_OUTPUT",
  "UNCHANGED",
  "NO_HANDLER",
  "GONE",
  "CHANGED",
  "LOCKED",
  "CHECKED_OUT",
  "BY_HANDLER",
];
const FAILURES = ["HANDLER_ERROR", "DEADLINE", "POISON", "READ_FAILED", "WRITE_FAILED", "ACCESS_DENIED", "MY_OWN"];
const LONG_OUTCOMES: readonly IndexedOutcome[] = SKIPS.flatMap((code, i): IndexedOutcome[] => {
  const odd = i % 2 === 1;
  return [
    { index: 3 * i, ageMs: i, outcome: { kind: "SUCCEEDED", attempts: 1, warnings: [] } },
    {
      index: 3 * i + 1,
      ageMs: i,
      outcome: {
        kind: "SKIPPED",
        code,
        ...(odd ? { message: "why" } : {}),
        ...(i % 3 === 0 ? { handler: "dita" } : {}),
        attempts: i,
      },
    },
    {
      index: 3 * i + 2,
      ageMs: i,
      outcome: {
        kind: "FAILED",
        code: FAILURES[i % 7] as string,
        message: `m${i}`,
        ...(odd ? { handler: "dita" } : {}),
        attempts: 1,
      },
    },
  ];
});

/** A manifest with the skip code that came later. */
const LATER_MANIFEST = golden([
  "AHsicGF0aHMiOlsiL2EvbG9uZy5tZCJdLCJ0eXBlcyI6WzJdLCJzaXplcyI6WzFdLCJjcmVhdGVkIjpbMl0sIm1vZGlmaWVkIjpbM10sInNraX",
  "BzIjp7IjAiOiJQQVRIX1RPT19MT05HIn19",
]);
const LATER_ENTRIES: readonly ManifestEntry[] = [
  {
    asset: { path: "/a/long.md", fileType: "MARKDOWN", sizeBytes: 1, createdMs: 2, modifiedMs: 3 },
    skip: "PATH_TOO_LONG",
  },
];

/** The same entries as later versions pack them: hashes are a list, and large texts are packed by brotli. */
const BROTLI_MANIFEST = golden([
  "AotUAgCAqqqq6v9057OEmYgt7hF6s3C3cHcADzUHM7WTg4GBuptZmEGYmRu4WQRAhIPDf3W7nW4m1d/c3qQePTwMw3AxD1INT/CAMMaI9LxhbJBPEc",
  "Y9MNmlnaHOcK+3canHxa3s4Da3vqrvL+xap+oWC4qUubB9sFPKc1ydoQp4QuW0y9BHPNQ7WPu1KdfZOJdu7FFGLuBG1CCcCDeiBjHFgrD8TfU7pFcm",
  "IY98Ciik+RwKwtz9p3KfmTxm8pkpYKaQ02mMsJDHQj4LBSwUshSE6722S11BnWW9Yq4ZWhGE4lF8SkAJKUyf6XstCMOt6pru4AuEIhShCEUoQj/SNx",
  "aE1s7tG1lv/Ol7wtxaL1wpbupqDdTSbgff3Wb7c//z3U0z1AMrKBx2OknjbXmKzB6ENRQ2iTaxNuVHGu0+Y21AeIVClr+XUZbFBoQ3KJg00tkxModE",
  "l0luTrkBQRgKud7sI72LtyCIQEEn5T7S22Oc4klo7vZrqMdlhjqHJFI8Bw==",
]);

const entriesOf = async (packed: Uint8Array): Promise<ManifestEntry[]> => entriesIn(await unpackManifest(packed));

function golden(base64: readonly string[]): Buffer {
  return Buffer.from(base64.join(""), "base64");
}

describe("the stored format", () => {
  it("of a manifest is read as it always was", async () => {
    expect(await entriesOf(SHORT_MANIFEST)).to.deep.equal(SHORT_ENTRIES);
    expect(await entriesOf(LONG_MANIFEST)).to.deep.equal(LONG_ENTRIES);
    expect(await entriesOf(LATER_MANIFEST)).to.deep.equal(LATER_ENTRIES);
    expect(await entriesOf(BROTLI_MANIFEST)).to.deep.equal(LONG_ENTRIES);
  });

  it("of a part's outcomes is read as it always was", () => {
    expect(unpackOutcomes(SHORT_PART)).to.deep.equal(SHORT_OUTCOMES);
    expect(unpackOutcomes(LONG_PART)).to.deep.equal(LONG_OUTCOMES);
  });

  it("is written byte for byte as it always was", async () => {
    expect((await packManifest(LATER_ENTRIES)).bytes.toString("hex")).to.equal(LATER_MANIFEST.toString("hex"));
    expect((await packManifest(SHORT_ENTRIES)).bytes.toString("hex")).to.equal(SHORT_MANIFEST.toString("hex"));
    expect(unpackText(packOutcomes(Outcomes.of(SHORT_OUTCOMES)))).to.equal(SHORT_RUNS);
    expect(unpackOutcomes(packOutcomes(Outcomes.of(LONG_OUTCOMES)))).to.deep.equal(LONG_OUTCOMES);
    // Compressed bytes are zlib's choice, other ones in each version of Node: compared is what was compressed.
    const { bytes } = await packManifest(LONG_ENTRIES);
    expect([bytes[0], BROTLI_MANIFEST[0]]).to.deep.equal([2, 2]);
    expect(await unpack(bytes)).to.equal(await unpack(BROTLI_MANIFEST));
  });

  it("is pinned here for every file type and every skip code", () => {
    expect(LONG_ENTRIES.map(({ asset }) => asset.fileType)).to.include.members([...FILE_TYPES]);
    expect([...SKIPS, ...LATER_ENTRIES.map(({ skip }) => skip)]).to.have.members([...SKIP_CODES]);
  });

  for (const number of [6, -1, 0.5, null, "0"]) {
    it(`rejects a manifest whose file type is ${JSON.stringify(number)}, and says so`, async () => {
      const columns = unpackJson(SHORT_MANIFEST) as object;
      const packed = packJson({ ...columns, types: [0, number] });
      expect(String(await rejection(unpackManifest(packed)))).to.contain(
        `asset 1 of the manifest has file type number ${number}, which this version does not know`,
      );
    });
  }

  it("rejects a manifest with too few file types", async () => {
    const columns = unpackJson(SHORT_MANIFEST) as object;
    expect(String(await rejection(unpackManifest(packJson({ ...columns, types: [0] }))))).to.match(
      /asset 1 .* file type number undefined/,
    );
  });

  it("rejects an outcome of an unknown kind, and says so", () => {
    const packed = packJson({ indices: [4], ages: [0], others: [[0, { k: "X", n: 1 }]] });
    expect(() => unpackOutcomes(packed)).to.throw('an outcome has kind "X", which this version does not know');
  });
});
