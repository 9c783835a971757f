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

describe("large assets", () => {
  const bench = new Workbench();
  after(() => bench.dispose());
  const filling = "<p>Nothing but a plain paragraph.</p>\n";
  const large = (bytes: number): string =>
    `<topic id="t"><title>Large</title><body>${filling.repeat(bytes / filling.length)}</body></topic>`;

  /**
   * Runs a host that processes a folder and prints how many threads it started (this driver has none), the outcomes,
   * and what `expression` says.
   */
  async function hosted(name: string, options: string, expression: string): Promise<readonly string[]> {
    const host = bench.write(
      `host-of-${name}.mjs`,
      `import { createAssetmill } from ${JSON.stringify(LIBRARY)};
       import { pathToFileURL } from "node:url";
       let threads = 0;
       process.on("worker", () => threads++);
       const mill = await createAssetmill({
         assets: "folder:" + ${JSON.stringify(bench.path(name))}, store: "sqlite:" + ${JSON.stringify(bench.path(`${name}.sqlite`))} + "?driver=sqlite3",
         ${options}
       });
       const { processingId } = await mill.operator.start({ path: "/", type: "ASSET_PROCESSING" }, "me");
       while (!(await mill.operator.status(processingId)).completedAt) await new Promise((over) => setTimeout(over, 20));
       console.log(threads);
       console.log((await mill.operator.status(processingId)).succeededCount);
       const of = async (path) => (await mill.operator.results(path)).properties;
       console.log(${expression});
       await mill.close();`,
    );
    const { code, out, err } = await bench.node(host, { withinMs: 60_000 });
    expect(code, err).to.equal(0);
    return out.trim().split("\n");
  }

  it("in DITA are read in a thread, which starts only when one is needed", async () => {
    bench.write("small/a.dita", large(1_000));
    bench.write("small/b.dita", large(200_000));
    const title = `(await of("/b.dita")).fmditaTitle`;
    expect(await hosted("small", "", title)).to.deep.equal(["0", "2", "Large"]);
    bench.write("mixed/a.dita", large(1_000));
    bench.write("mixed/b.dita", large(1_500_000));
    expect(await hosted("mixed", "", title)).to.deep.equal(["1", "2", "Large"]);
  });

  it("in DITA cost no thread the host's plugins, whose modules are then loaded once", async () => {
    bench.write("beside/a.dita", large(1_500_000));
    const plugin = bench.write(
      "beside.mjs",
      `import { isMainThread } from "node:worker_threads";
       if (!isMainThread) throw new Error("loaded in a thread");
       export default { name: "beside", version: "1", process: () => ({ properties: { isMainThread } }) };`,
    );
    const options = `plugins: [pathToFileURL(${JSON.stringify(plugin)})],`;
    const said = `(await of("/a.dita")).isMainThread, (await of("/a.dita")).fmditaTitle`;
    expect(await hosted("beside", options, said)).to.deep.equal(["1", "1", "true Large"]);
  });

  it("are in a thread for a plugin that has only these there, and all others in the main thread", async () => {
    bench.write("own/a.txt", "x".repeat(1_000));
    bench.write("own/b.txt", "x".repeat(1_001));
    const plugin = bench.write(
      "own.mjs",
      `import { isMainThread } from "node:worker_threads";
       export default { name: "own", version: "1", thread: { overBytes: 1_000 },
         process: async (asset, context) => ({ properties: { isMainThread, length: (await context.text()).length } }) };`,
    );
    const options = `plugins: [pathToFileURL(${JSON.stringify(plugin)})], builtIns: false,`;
    const said = `JSON.stringify([await of("/a.txt"), await of("/b.txt")])`;
    const [, succeeded, properties] = await hosted("own", options, said);
    expect(succeeded).to.equal("2");
    expect(JSON.parse(properties ?? "")).to.deep.equal([
      { isMainThread: true, length: 1_000 },
      { isMainThread: false, length: 1_001 },
    ]);
  });

  it("fail alone if they fill a thread's memory or yield too much; all others have their outcomes", async () => {
    for (let i = 0; i < 20; i++) bench.write(`hurt/good-${i}.txt`, "x");
    bench.write("hurt/greedy.txt", "x".repeat(1_001));
    bench.write("hurt/yields.txt", "x".repeat(1_001));
    bench.write("hurt/large.txt", "x".repeat(1_001));
    const plugin = bench.write(
      "hurt.mjs",
      `export default { name: "hurt", version: "1", thread: { overBytes: 1_000 }, process: (asset) => {
         if (asset.path === "/greedy.txt") for (const all = []; ; ) all.push(new Array(1_000_000).fill(all.length));
         return { properties: { ids: Array.from({ length: asset.path === "/yields.txt" ? 100_001 : 1 }, String) } };
       } };`,
    );
    const options = `plugins: [pathToFileURL(${JSON.stringify(plugin)})], builtIns: false, engine: { threadMemoryMb: 64 },`;
    const codes = `JSON.stringify((await mill.operator.outcomes(processingId, { kinds: ["FAILED"], limit: 10 })).outcomes.map(({ path, code }) => [path, code]))`;
    const [, succeeded, failed] = await hosted("hurt", options, codes);
    expect(succeeded).to.equal("21");
    expect(JSON.parse(failed ?? "")).to.deep.equal([
      ["/greedy.txt", "POISON"],
      ["/yields.txt", "RESULT_TOO_LARGE"],
    ]);
  });
});

describe("many small DITA files", () => {
  const bench = new Workbench();
  after(() => bench.dispose());
  const COUNT = 1_200;
  /** Some have what is easily lost on the way: warnings, failures, bytes that are not ASCII, hints about links. */
  const content = (i: number): string => {
    if (i % 100 === 7) return `<topic id="t${i}"><title>Ill-formed</p></topic>`;
    if (i % 100 === 8)
      return `<?xml version="1.0" encoding="us-ascii"?><topic id="t${i}"><title>\u00e9</title></topic>`;
    if (i % 100 === 9)
      return `<!DOCTYPE topic [<!ENTITY e "of an entity">]><topic id="t"><title>Title &e;</title></topic>`;
    if (i % 100 === 10) return `<topic id="t"><title>Undeclared &e;</title></topic>`;
    const link = i % 100 === 11 ? "A0.DITA" : `a${(i * 7) % (COUNT + 50)}.dita#t`;
    return `<topic id="t${i}"><title>Nr. ${i} \u20ac</title><body><xref href="${link}" scope="peer"/><xref href="${link}"/>
      <image keyref="k/${i}" href="../out.png"/><p conref="a1.dita#t/${i}" id="p">]] > text</p></body></topic>`;
  };

  it("have the same outcomes and results in threads as in the main thread, which begins and loses none", async () => {
    for (let i = 0; i < COUNT; i++) bench.write(`many/a${i}.dita`, content(i));
    // A handler that runs only in threads has them started, however small the job.
    const plugin = bench.write(
      "text.mjs",
      `export default { name: "text", version: "1", thread: true, accepts: ({ path }) => path.endsWith(".txt"), process: () => {} };`,
    );
    const run = async (name: string, plugins: string): Promise<readonly string[]> => {
      const host = bench.write(
        `${name}.mjs`,
        `import { createAssetmill } from ${JSON.stringify(LIBRARY)};
         let threads = 0;
         process.on("worker", () => threads++);
         const mill = await createAssetmill({
           assets: "folder:" + ${JSON.stringify(bench.path("many"))},
           store: "sqlite:" + ${JSON.stringify(bench.path(`${name}.sqlite`))} + "?driver=sqlite3",
           plugins: ${plugins},
         });
         const { operator } = mill;
         const { processingId } = await operator.start({ path: "/", type: "ASSET_PROCESSING" }, "me");
         while (!(await operator.status(processingId)).completedAt) await new Promise((over) => setTimeout(over, 20));
         const { succeededCount, failedCount, warningCount } = await operator.status(processingId);
         console.log(threads > 0);
         console.log([succeededCount, failedCount, warningCount].join());
         const { outcomes } = await operator.outcomes(processingId, { kinds: ["FAILED"], limit: 500 });
         console.log(JSON.stringify(outcomes.map(({ path, code, message }) => [path, code, message]).sort()));
         for (let i = 0; i < ${COUNT}; i++) {
           const { jobId, at, ...result } = (await operator.results("/a" + i + ".dita")) ?? {};
           // Not known of a file that has just been written.
           delete result.stamp?.basis.changedMs;
           console.log(JSON.stringify(result));
         }
         await mill.close();`,
      );
      const { code, out, err } = await bench.node(host, { withinMs: 60_000 });
      expect(code, err).to.equal(0);
      return out.split("\n");
    };
    const [noThreads, ...here] = await run("here", "[]");
    const [anyThreads, ...there] = await run("there", `[new URL(${JSON.stringify(`file://${plugin}`)})]`);
    expect([noThreads, anyThreads]).to.deep.equal(["false", "true"]);
    expect(here[0]).to.match(/^1164,36,[1-9]/);
    there.forEach((line, i) => expect(line).to.equal(here[i]));
    expect(there).to.have.length(here.length);
  });
});
