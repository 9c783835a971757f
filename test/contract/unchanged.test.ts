import { expect } from "chai";
import { SkipAsset, type AssetHandler } from "../../src/index.js";
import { endOf, outcomesOf } from "../embedding/host.js";
import { MemoryAssetRepository } from "../../src/testing/index.js";
import { ContractHost, handlerOf, request, tree } from "./contract-host.js";

const CHANGED_ONLY = request({ filter: { filterProcessedAssets: true } });

describe("filterProcessedAssets", () => {
  let host: ContractHost;
  beforeEach(() => {
    host = new ContractHost();
  });
  afterEach(() => host.dispose());

  /** Two runs on one repository; the second one's outcomes by file name. */
  async function secondRun(
    first: AssetHandler[],
    second: AssetHandler[],
    change: (assets: MemoryAssetRepository) => void = () => {},
  ): Promise<Record<string, string>> {
    const assets = new MemoryAssetRepository(tree(4));
    for (const [plugins, asked] of [
      [first, request()],
      [second, CHANGED_ONLY],
    ] as const) {
      const mill = await host.mill({ assets, plugins, builtIns: false });
      const { processingId } = await mill.operator.start(asked, "ann");
      await endOf(mill, processingId);
      if (plugins === first) change(assets);
      else {
        const ends = await outcomesOf(mill, processingId);
        return Object.fromEntries(Object.entries(ends).map(([name, { outcome, code }]) => [name, code ?? outcome]));
      }
      await mill.close();
    }
    return {};
  }

  const reads = (over: Partial<AssetHandler> = {}): AssetHandler =>
    handlerOf(async (_asset, context) => void (await context.text()), over);
  const all = (code: string) => Object.fromEntries([0, 1, 2, 3].map((i) => [`${i}.txt`, code]));

  it("skips what is processed and unchanged as UNCHANGED, without reading it", async () => {
    let read = 0;
    const assets = { change: (repository: MemoryAssetRepository) => void (read = repository.reads.length) };
    let repository: MemoryAssetRepository | undefined;
    const ends = await secondRun([reads()], [reads()], (own) => {
      repository = own;
      assets.change(own);
    });
    expect(ends).to.deep.equal(all("UNCHANGED"));
    expect(repository?.reads.length).to.equal(read);
  });

  it("processes changed assets again, and only those", async () => {
    const ends = await secondRun([reads()], [reads()], (assets) => assets.set("/a/2.txt", "new"));
    expect(ends).to.deep.equal({ ...all("UNCHANGED"), "2.txt": "SUCCEEDED" });
  });

  it("compares the content if only the time changed", async () => {
    const ends = await secondRun([reads()], [reads()], (assets) => assets.set("/a/2.txt", "/a/2.txt"));
    expect(ends).to.deep.equal(all("UNCHANGED"));
  });

  it("processes an asset again if nobody read its content, since then only the time can tell", async () => {
    const blind = handlerOf(() => undefined);
    const ends = await secondRun([blind], [blind], (assets) => assets.set("/a/2.txt", "/a/2.txt"));
    expect(ends).to.deep.equal({ ...all("UNCHANGED"), "2.txt": "SUCCEEDED" });
  });

  it("processes everything again for a new version or another handler", async () => {
    expect(await secondRun([reads()], [reads({ version: "2" })])).to.deep.equal(all("SUCCEEDED"));
    expect(await secondRun([reads()], [reads(), reads({ name: "more" })])).to.deep.equal(all("SUCCEEDED"));
  });

  it("depends on all handlers that ran, including those that had nothing to do", async () => {
    const skips = handlerOf(
      () => {
        throw new SkipAsset("not mine");
      },
      { name: "skips" },
    );
    expect(await secondRun([reads(), skips], [reads(), skips])).to.deep.equal(all("UNCHANGED"));
  });

  it("stores no hash for an asset whose handlers read different contents", async () => {
    const assets = new MemoryAssetRepository({ "/a/0.txt": "old" });
    const first = reads({ name: "first", process: async (_asset, context) => void (await context.text()) });
    const second = reads({
      name: "second",
      process: async (_asset, context) => {
        if ((await context.text()) === "old") assets.set("/a/0.txt", "new");
        let text = "";
        for await (const piece of context.stream()) text += new TextDecoder().decode(piece);
        return { properties: { text } };
      },
    });
    for (const [asked, end] of [
      [request(), "SUCCEEDED"],
      [CHANGED_ONLY, "SUCCEEDED"],
      [CHANGED_ONLY, "UNCHANGED"],
    ] as const) {
      const mill = await host.mill({ assets, plugins: [first, second], builtIns: false });
      const { processingId } = await mill.operator.start(asked, "ann");
      await endOf(mill, processingId);
      const { "0.txt": outcome } = await outcomesOf(mill, processingId);
      expect(outcome?.code ?? outcome?.outcome).to.equal(end);
      await mill.close();
    }
  });

  it("ignores its own job's stamp: a kill between results and commit hides no success", async () => {
    const assets = new MemoryAssetRepository(tree(1));
    const mill = await host.mill({ assets, plugins: [reads()], builtIns: false, autoStart: false });
    const { processingId: jobId } = await mill.operator.start(CHANGED_ONLY, "ann");
    const { sizeBytes, modifiedMs } = { sizeBytes: "/a/0.txt".length, modifiedMs: 0 };
    const stamp = { sizeBytes, modifiedMs, contentHash: null, handlers: { own: "1" } };
    await assets.apply([{ path: "/a/0.txt", properties: {}, references: {}, stamp, jobId }]);
    mill.start();
    expect(await endOf(mill, jobId)).to.include({ succeededCount: 1, skippedCount: 0 });
  });

  it("never leaves out assets that failed before", async () => {
    const failing = reads({
      process: async ({ path }) => {
        if (path === "/a/1.txt") throw new Error("no");
      },
    });
    expect(await secondRun([failing], [reads()])).to.deep.equal({ ...all("UNCHANGED"), "1.txt": "SUCCEEDED" });
  });

  it("processes assets on which no handler has a verdict, so that the handler's own error is reported", async () => {
    const picky = reads({
      accepts: () => {
        throw new Error("broken rule");
      },
    });
    expect(await secondRun([reads()], [picky])).to.deep.equal(all("HANDLER_ERROR"));
  });
});
