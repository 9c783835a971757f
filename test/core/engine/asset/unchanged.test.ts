import { expect } from "chai";
import type { Asset } from "../../../../src/core/asset/asset.js";
import type { Stamp, StampBasis } from "../../../../src/core/asset/stamp.js";
import { AssetTask } from "../../../../src/core/engine/asset/asset-task.js";
import { stampsOf } from "../../../../src/core/engine/asset/stamps.js";
import { isUnchanged } from "../../../../src/core/engine/asset/unchanged.js";
import { AssetmillError } from "../../../../src/core/errors.js";
import { MemoryAssetRepository } from "../../../../src/testing/index.js";
import { assetOf, jobOf } from "../../../support/builders.js";
import { rejection } from "../../../support/deferred.js";
import { engineTools, repositoryOf } from "../../../support/engine-tools.js";

const { createDigest } = engineTools();
const hashOf = (text: string): string => {
  const digest = createDigest();
  digest.update(Buffer.from(text));
  return digest.finish();
};

const PATH = "/root/a.dita";
const STAMP: Stamp = { sizeBytes: 10, modifiedMs: 2_000, contentHash: hashOf("same"), handlers: { h: "1" } };

interface Case {
  readonly basis?: Partial<StampBasis>;
  readonly stamp?: Partial<Stamp>;
  readonly asset?: Partial<Asset>;
  /** Content by path. */
  readonly contents?: Readonly<Record<string, string>>;
  readonly linksHold?: boolean;
  readonly maxBytes?: number;
}

/** Whether the asset counts as unchanged, and what was read for that. */
async function judged({ basis, stamp, asset, contents = {}, linksHold = true, maxBytes = 1_000 }: Case) {
  const reads: string[] = [];
  const repository = repositoryOf({
    read: async function* (path) {
      reads.push(path);
      const text = contents[path];
      if (text === undefined) throw new AssetmillError("GONE", "no such asset", { ids: { path } });
      yield Buffer.from(text);
    },
  });
  const content = { repository, createDigest, maxBytes };
  const task = new AssetTask(0, assetOf(PATH, asset), content, 0);
  const known = { stamp: { ...STAMP, basis: { others: {}, ...basis }, ...stamp }, linksHold };
  const handlers = [{ name: "h", version: "1", process: () => undefined }];
  return { unchanged: await isUnchanged(task, { handlers, content }, async () => known), reads };
}

describe("an asset is unchanged", () => {
  it("without a read if its change time is that of the stamp, and not if that is all that differs", async () => {
    expect(await judged({ basis: { changedMs: 7 }, asset: { changedMs: 7 } })).to.deep.equal({
      unchanged: true,
      reads: [],
    });
    const other = { basis: { changedMs: 7 }, asset: { changedMs: 8 }, contents: { [PATH]: "else" } };
    expect(await judged(other)).to.deep.equal({ unchanged: false, reads: [PATH] });
    expect(await judged({ ...other, contents: { [PATH]: "same" } })).to.include({ unchanged: true });
  });

  it("by its hash where there is no change time, though size and time are the same", async () => {
    expect(await judged({ contents: { [PATH]: "same" } })).to.deep.equal({ unchanged: true, reads: [PATH] });
    expect(await judged({ contents: { [PATH]: "else" } })).to.deep.equal({ unchanged: false, reads: [PATH] });
    expect(await judged({ basis: { changedMs: 7 }, contents: { [PATH]: "else" } })).to.include({ unchanged: false });
  });

  it("without a read where the repository knows the hash", async () => {
    const [same, other] = [{ contentHash: hashOf("same") }, { contentHash: hashOf("else") }];
    expect(await judged({ asset: same })).to.deep.equal({ unchanged: true, reads: [] });
    expect(await judged({ asset: other })).to.deep.equal({ unchanged: false, reads: [] });
  });

  it("by size and time alone only if no handler read the content", async () => {
    const blind = { stamp: { contentHash: null } };
    expect(await judged(blind)).to.deep.equal({ unchanged: true, reads: [] });
    expect(await judged({ stamp: { contentHash: null, modifiedMs: 3 } })).to.include({ unchanged: false });
    expect(await judged({ ...blind, basis: { partial: true } })).to.include({ unchanged: false });
  });

  it("never by a stamp that does not say what it rests on: one of an older version", async () => {
    const old = { stamp: { basis: undefined } } as unknown as Case;
    expect(await judged({ ...old, asset: { contentHash: hashOf("same") } })).to.include({ unchanged: false });
  });

  it("only if its links hold, and other assets that a handler read are the same", async () => {
    const asset = { contentHash: hashOf("same") };
    expect(await judged({ asset, linksHold: false })).to.include({ unchanged: false });
    const basis = { others: { "/root/b": hashOf("B"), "/root/c": true } };
    expect(await judged({ asset, basis, contents: { "/root/b": "B" } })).to.deep.equal({
      unchanged: true,
      reads: ["/root/b"],
    });
    expect(await judged({ asset, basis, contents: { "/root/b": "X" } })).to.include({ unchanged: false });
    expect(await judged({ asset, basis })).to.include({ unchanged: false });
  });

  it("also if it is too large to be read at once", async () => {
    const large = { asset: { sizeBytes: 4 }, stamp: { sizeBytes: 4 }, maxBytes: 3 };
    expect(await judged({ ...large, contents: { [PATH]: "same" } })).to.include({ unchanged: true });
    expect(await judged({ ...large, contents: { [PATH]: "else" } })).to.include({ unchanged: false });
  });

  it("is not decided while the repository is unreachable", async () => {
    const gone = new AssetmillError("UNAVAILABLE", "gone");
    const repository = repositoryOf({
      // eslint-disable-next-line require-yield
      read: async function* () {
        throw gone;
      },
    });
    const content = { repository, createDigest, maxBytes: 10 };
    const task = new AssetTask(0, assetOf(PATH), content, 0);
    const handlers = [{ name: "h", version: "1", process: () => undefined }];
    const known = { stamp: { ...STAMP, basis: { others: {} } }, linksHold: true };
    expect(await rejection(isUnchanged(task, { handlers, content }, async () => known))).to.equal(gone);
  });
});

describe("the stamps of a chunk", () => {
  it("have the existence of all their links looked up together, each once", async () => {
    const paths = Array.from({ length: 250 }, (_, i) => `/a/${i}`);
    const memory = new MemoryAssetRepository(Object.fromEntries([...paths, "/there"].map((path) => [path, ""])));
    const others = (i: number) => ({ "/there": i !== 1, "/away": i === 2, [`/a/${i}`]: true, "/read": "sha256:ab" });
    await memory.apply(
      paths.map((path, i) => ({
        path,
        properties: {},
        references: {},
        stamp: { ...STAMP, basis: { others: others(i) } },
        jobId: "before",
      })),
    );
    const asked: (readonly string[])[] = [];
    const repository = {
      results: memory.results.bind(memory),
      stat: async (some: readonly string[]) => {
        asked.push(some);
        return memory.stat(some);
      },
    };
    const lease = { jobId: jobOf().id, chunk: 1, epoch: 1 };
    const entries = paths.map((path) => ({ asset: assetOf(path) }));
    const claim = { lease, entries, open: paths.map((_, i) => i), takenOver: false };
    const stampOf = stampsOf(claim, repository);
    const known = await Promise.all(paths.map((path) => stampOf(path)));
    expect(known.map((one, i) => (one?.linksHold ? -1 : i)).filter((i) => i >= 0)).to.deep.equal([1, 2]);
    expect(asked).to.have.length(1);
    expect(asked[0]).to.have.members([...paths, "/there", "/away"]);
  });
});
