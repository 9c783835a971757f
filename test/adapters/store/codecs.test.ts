import { expect } from "chai";
import fc from "fast-check";
import { packManifest, unpackManifest } from "../../../src/adapters/store/manifest-codec.js";
import { packJson, packText } from "../../../src/adapters/sql/packed.js";
import { packOutcomes, unpackOutcomes } from "../../../src/adapters/store/outcome-codec.js";
import type { Asset } from "../../../src/core/asset/asset.js";
import type { ManifestEntry } from "../../../src/core/job/chunk.js";
import { type IndexedOutcome, Outcomes } from "../../../src/core/job/outcomes.js";
import { entriesIn } from "../../../src/core/job/manifest.js";
import { FILE_TYPES } from "../../../src/core/asset/file-type.js";
import { type Outcome, SKIP_CODES } from "../../../src/core/asset/outcome.js";
import { entriesOf, pathsOf, SUCCEEDED } from "../../support/builders.js";
import { rejection } from "../../support/deferred.js";

const text = fc.string({ unit: "binary", maxLength: 30 });
const someMs = fc.nat({ max: 4_000_000_000_000 });

const anyAsset: fc.Arbitrary<Asset> = fc
  .record({
    path: text.map((name) => `/root/${name}`),
    fileType: fc.constantFrom(...FILE_TYPES),
    sizeBytes: fc.nat({ max: Number.MAX_SAFE_INTEGER }),
    createdMs: fc.integer({ min: -1_000, max: 4_000_000_000_000 }),
    modifiedMs: someMs,
    contentHash: fc.option(fc.constant(`sha256:${"ab".repeat(32)}`), { nil: undefined }),
    contentFragment: fc.option(fc.constant(true as const), { nil: undefined }),
    changedMs: fc.option(someMs, { nil: undefined }),
    unreadable: fc.option(fc.record({ code: fc.constantFrom("ACCESS_DENIED", "READ_FAILED"), message: text }), {
      nil: undefined,
    }),
  })
  .map(({ contentHash, contentFragment, unreadable, changedMs, ...asset }) => ({
    ...asset,
    ...(contentHash === undefined ? {} : { contentHash }),
    ...(contentFragment === undefined ? {} : { contentFragment }),
    ...(changedMs === undefined ? {} : { changedMs }),
    ...(unreadable === undefined ? {} : { unreadable }),
  }));

const anyEntry: fc.Arbitrary<ManifestEntry> = fc
  .tuple(anyAsset, fc.option(fc.constantFrom(...SKIP_CODES), { nil: undefined }))
  .map(([asset, skip]) => (skip ? { asset, skip } : { asset }));

const handler = fc.option(fc.constantFrom("dita", "has-title"), { nil: undefined });
const attempts = fc.nat({ max: 100 });
const anyOutcome: fc.Arbitrary<Outcome> = fc.oneof(
  fc.constant(SUCCEEDED),
  attempts.map((n): Outcome => ({ kind: "SUCCEEDED", attempts: n, warnings: [] })),
  fc
    .record({ code: fc.constantFrom("HANDLER_ERROR", "MY_OWN"), message: text, handler, attempts })
    .map(({ handler: by, ...rest }): Outcome => ({ kind: "FAILED", ...rest, ...(by ? { handler: by } : {}) })),
  fc
    .record({
      code: fc.constantFrom(...SKIP_CODES),
      message: fc.option(text, { nil: undefined }),
      handler,
      attempts,
    })
    .map(({ message, handler: by, ...rest }): Outcome => ({
      kind: "SKIPPED",
      ...rest,
      ...(message === undefined ? {} : { message }),
      ...(by ? { handler: by } : {}),
    })),
);
const anyOutcomes: fc.Arbitrary<IndexedOutcome[]> = fc
  .uniqueArray(fc.nat({ max: 10_000 }), { maxLength: 40 })
  .chain((indices) =>
    fc.tuple(...indices.map((index) => fc.record({ index: fc.constant(index), outcome: anyOutcome, ageMs: fc.nat() }))),
  );

const bytesOf = async (entries: readonly ManifestEntry[]): Promise<Buffer> => (await packManifest(entries)).bytes;

describe("the manifest codec", () => {
  it("decodes exactly what it encoded", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyEntry, { maxLength: 40 }), async (entries) => {
        expect(entriesIn(await unpackManifest(await bytesOf(entries)))).to.deep.equal(entries);
      }),
    );
  });

  it("keeps paths with any characters", async () => {
    const paths = ["/a\\nb", "/a\nb", "/\\", "/\\u0041", "/\ud800x", "/x\udc00", "/\u{1f600}", '/tab\t,"{}[]'];
    const entries = entriesOf(paths);
    expect(entriesIn(await unpackManifest(await bytesOf(entries)))).to.deep.equal(entries);
  });

  it("packs a chunk of 500 assets of one folder into a few kilobytes", async () => {
    expect((await bytesOf(entriesOf(pathsOf(500, "/content/dam/some/folder")))).length).to.be.below(6_000);
  });

  it("rejects bytes that it did not write", async () => {
    const whole = await bytesOf(entriesOf(pathsOf(50)));
    for (const bytes of [Buffer.from([7, 1, 2]), Buffer.alloc(0), whole.subarray(0, 40)])
      expect(await rejection(unpackManifest(bytes))).to.be.an("error");
  });

  for (const [what, text] of [
    ["fewer sizes than assets", '{"paths":["/a","/b"],"types":[0,0],"sizes":[1],"created":[1,2],"modified":[1,2]}'],
    ["more types than assets", '{"paths":["/a"],"types":[0,0],"sizes":[1],"created":[1],"modified":[1]}'],
    ["half of its text", '{"paths":["/a"],"types":[0],"sizes":[1],"cre'],
  ] as const) {
    it(`rejects a manifest with ${what}, before any of its assets is handled`, async () => {
      expect(await rejection(unpackManifest(packText(text)))).to.be.an("error");
    });
  }
});

describe("the outcome codec", () => {
  it("decodes what it encoded, by index, without warnings", () => {
    fc.assert(
      fc.property(anyOutcomes, (outcomes) => {
        const sorted = [...outcomes].sort((a, b) => a.index - b.index);
        expect(unpackOutcomes(packOutcomes(Outcomes.of(outcomes)))).to.deep.equal(sorted);
      }),
    );
  });

  it("rejects a part with more outcomes than a chunk may have", () => {
    const packed = packJson({ runs: [0, 1e9], aged: [0, 1e9], others: [] });
    expect(() => unpackOutcomes(packed)).to.throw("more than 10000 outcomes");
  });

  it("leaves warnings to the log", () => {
    const [back] = unpackOutcomes(
      packOutcomes(Outcomes.of([{ index: 0, ageMs: 0, outcome: { ...SUCCEEDED, warnings: ["hm"] } }])),
    );
    expect(back?.outcome).to.deep.equal(SUCCEEDED);
  });

  it("does not change its input", () => {
    const outcomes = Outcomes.of([2, 0, 1].map((index) => ({ index, ageMs: 0, outcome: SUCCEEDED })));
    packOutcomes(outcomes);
    expect([...outcomes].map(({ index }) => index)).to.deep.equal([2, 0, 1]);
  });

  it("packs 500 plain successes that end together into less than a hundred bytes", () => {
    const outcomes = Array.from({ length: 500 }, (_, index) => ({ index, ageMs: 3, outcome: SUCCEEDED }));
    expect(packOutcomes(Outcomes.of(outcomes)).length).to.be.below(100);
  });
});
