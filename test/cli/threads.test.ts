import { expect } from "chai";
import { LIBRARY, Workbench } from "./workbench.js";

describe("handlers with thread: true", () => {
  const bench = new Workbench();
  const assets = bench.topics(200);
  after(() => bench.dispose());

  it("lose only the asset of an endless loop or an exiting thread, and no lease, if loaded by --plugin", async () => {
    const plugin = bench.write(
      "thread.mjs",
      `import { isMainThread } from "node:worker_threads";
       export default { name: "thread", version: "1", thread: true, async process(asset, context) {
         if (asset.path.endsWith("a000050.dita")) for (;;);
         if (asset.path.endsWith("a000150.dita")) process.exit(3);
         return { properties: { isMainThread, length: (await context.text()).length } };
       } };`,
    );
    const flags = ["--assets", assets, "--store", bench.store];
    const { code, err } = await bench.run(["process", "/", "--plugin", plugin, "--deadline", "1.5", ...flags]);
    expect(code, err).to.equal(1);
    expect(err).not.to.match(/trying again/);
    const [job] = await bench.ask("history");
    expect(job).to.include({ status: "SUCCESS", succeededCount: 198, failedCount: 2 });
    const failures = await bench.ask("failures", job.processingId);
    expect(failures.map(({ path, code: why }) => [path.slice(-12), why])).to.deep.equal([
      ["a000050.dita", "DEADLINE"],
      ["a000150.dita", "POISON"],
    ]);
    const shown = await bench.call(["show", "/content/dam/t/f000/a000001.dita", "--json", ...flags]);
    expect(JSON.parse(shown.out).properties).to.include({ isMainThread: false, length: 38 });
  });

  it("are refused at the start, by name, if they exist only in memory", async () => {
    const host = bench.write(
      "host.mjs",
      `import { createAssetmill } from ${JSON.stringify(LIBRARY)};
       const plugins = [{ name: "in-memory", version: "1", thread: true, process() {} }];
       try {
         await createAssetmill({ assets: ${JSON.stringify(assets)}, store: "sqlite:" + ${JSON.stringify(bench.path("m.sqlite"))}, plugins });
       } catch (error) { console.log(error.code, error.message); }`,
    );
    const { code, out } = await bench.node(host, { withinMs: 20_000 });
    expect(code, "nothing keeps the process").to.equal(0);
    expect(out).to.match(
      /^INVALID_PARAMETER plugins: handler in-memory has thread: true, but no plugin file provides it/,
    );
  });

  it("run in threads if a host loads them by URL, and leave nothing open after close", async () => {
    const plugin = bench.write(
      "by-url.mjs",
      `import { isMainThread } from "node:worker_threads";
       export default [{ name: "by-url", version: "1", thread: true, process: () => ({ properties: { isMainThread } }) }];`,
    );
    const host = bench.write(
      "url-host.mjs",
      `import { createAssetmill } from ${JSON.stringify(LIBRARY)};
       import { pathToFileURL } from "node:url";
       const mill = await createAssetmill({
         assets: ${JSON.stringify(assets)}, store: "sqlite:" + ${JSON.stringify(bench.path("u.sqlite"))},
         plugins: [pathToFileURL(${JSON.stringify(plugin)})], builtIns: false,
       });
       const { processingId } = await mill.operator.start({ path: "/", type: "ASSET_PROCESSING" }, "me");
       while (!(await mill.operator.status(processingId)).completedAt) await new Promise((over) => setTimeout(over, 50));
       console.log((await mill.operator.status(processingId)).succeededCount);
       console.log((await mill.operator.results("/content/dam/t/f000/a000001.dita")).properties.isMainThread);
       await mill.close();`,
    );
    const { code, out, err } = await bench.node(host, { withinMs: 30_000 });
    expect(code, err).to.equal(0);
    expect(out).to.equal("200\nfalse\n");
  });
});
