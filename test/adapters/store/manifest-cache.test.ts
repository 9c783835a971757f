import { expect } from "chai";
import { ManifestCache } from "../../../src/adapters/store/manifest-cache.js";
import { packManifest, type PackedManifest } from "../../../src/adapters/store/manifest-codec.js";
import { AssetColumns } from "../../../src/core/asset/asset-columns.js";
import { Column } from "../../../src/core/asset/column.js";
import { entriesIn, Manifest } from "../../../src/core/job/manifest.js";
import { entriesOf, pathsOf } from "../../support/builders.js";
import { recordSql } from "../../support/recorded-sql.js";
import { openStores, type StoreFixture } from "../../support/sqlite-store.js";
import { claimChunks, claimDiscovery, discoveredJob, draftOf, pageOf } from "../../support/store-steps.js";

describe("the manifests in memory", () => {
  const MEGA = 1024 * 1024;
  const sized = async (chars: number): Promise<PackedManifest> => ({
    ...(await packManifest(entriesOf(pathsOf(1)))),
    chars,
  });

  it("are given once, to whoever asks for their job and chunk", async () => {
    const [cache, one] = [new ManifestCache(), await sized(1)];
    cache.add("a", 1, one);
    expect([cache.take("b", 1), cache.take("a", 2), cache.take("a", 1), cache.take("a", 1)]).to.deep.equal([
      undefined,
      undefined,
      one.manifest,
      undefined,
    ]);
  });

  it("are kept as text only: values that were read from it are read again", async () => {
    const cache = new ManifestCache();
    const column = new Column<string>('["/a"]');
    const other = new Column<number>("[0]");
    const assets = new AssetColumns({ paths: column, types: other, sizes: other, created: other, modified: other });
    const before = assets.parts.paths.values;
    cache.add("a", 1, { manifest: new Manifest(assets), chars: 1, bytes: Buffer.alloc(0) });
    const after = cache.take("a", 1)?.assets.parts.paths.values;
    expect(after).to.deep.equal(before);
    expect(after).not.to.equal(before);
  });

  it("are bounded: of a job, the first ones stay, and there is room again for each that was taken", async () => {
    const cache = new ManifestCache();
    for (let chunk = 1; chunk <= 5; chunk++) cache.add("a", chunk, await sized(MEGA));
    expect([4, 5].map((chunk) => cache.take("a", chunk) !== undefined)).to.deep.equal([true, false]);
    cache.add("a", 10, await sized(MEGA));
    cache.add("a", 11, await sized(MEGA));
    expect([10, 11].map((chunk) => cache.take("a", chunk) !== undefined)).to.deep.equal([true, false]);
  });

  it("make room for a later job, rather than stay for one that others may have processed", async () => {
    const cache = new ManifestCache();
    for (let chunk = 1; chunk <= 4; chunk++) cache.add("a", chunk, await sized(MEGA));
    cache.add("b", 1, await sized(MEGA));
    expect([cache.take("a", 1), cache.take("b", 1) !== undefined]).to.deep.equal([undefined, true]);
  });

  it("are forgotten with their job, and leave room", async () => {
    const cache = new ManifestCache();
    for (let chunk = 1; chunk <= 4; chunk++) cache.add("a", chunk, await sized(MEGA));
    cache.forget("a");
    cache.add("a", 20, await sized(4 * MEGA));
    expect([cache.take("a", 1), cache.take("a", 20) !== undefined]).to.deep.equal([undefined, true]);
  });
});

describe("a claim of chunks on SQLite", () => {
  let stores: StoreFixture;
  beforeEach(async () => {
    stores = await openStores();
  });
  afterEach(() => stores.close());

  const readsManifests = async (work: () => Promise<void>): Promise<boolean> =>
    (await recordSql(work)).some(({ sql }) => /select.*manifest/i.test(sql));

  it("reads no manifest that its own process has just stored", async () => {
    const job = await discoveredJob(stores, 20);
    const read = await readsManifests(async () => {
      const chunks = await claimChunks(stores, job);
      expect(chunks.flatMap(({ entries }) => entriesIn(entries))).to.deep.equal(entriesOf(pathsOf(20)));
    });
    expect(read).to.equal(false);
  });

  it("reads the manifests of chunks that another process stored, and of those that it claims again", async () => {
    const job = await discoveredJob(stores, 20);
    const other = await stores.another();
    const reads: boolean[] = [];
    for (const node of [other, stores, stores]) {
      const claimed = async (): Promise<void> => {
        const chunks = await claimChunks(node, job);
        expect(chunks.flatMap(({ entries }) => entriesIn(entries))).to.deep.equal(entriesOf(pathsOf(20)));
        await node.chunks.release(chunks.map(({ lease }) => lease));
      };
      reads.push(await readsManifests(claimed));
    }
    expect(reads).to.deep.equal([true, false, true]);
  });

  it("gets what the first try of a page stored, whatever a repeated one carries", async () => {
    const job = await stores.jobs.create(draftOf(), async () => {});
    const discovery = await claimDiscovery(stores, job);
    const other = await stores.another();
    await other.chunks.addPage(discovery.lease, pageOf(discovery, entriesOf(pathsOf(10, "/root"))));
    const again = await stores.chunks.addPage(discovery.lease, pageOf(discovery, entriesOf(pathsOf(10, "/again"))));
    expect(again.end).to.equal("committed");
    const [chunk] = await claimChunks(stores, job);
    expect(entriesIn(chunk?.entries ?? [])).to.deep.equal(entriesOf(pathsOf(10, "/root")));
  });
});
