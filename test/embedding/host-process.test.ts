import { expect } from "chai";
import { pathToFileURL } from "node:url";
import { LIBRARY, SAMPLE, Workbench } from "../cli/workbench.js";
import { itMeasures } from "../support/timed.js";

const URL_OF_LIBRARY = JSON.stringify(pathToFileURL(LIBRARY).href);
const OPTIONS = (bench: Workbench): string => JSON.stringify({ assets: SAMPLE, store: bench.store });

/** What a host does between creating and closing: a job, to its end. */
const RUN_A_JOB = `
  const { processingId } =
    await mill.operator.start({ path: "/content/dam/espresso", type: "ASSET_PROCESSING" }, "host");
  let report;
  do {
    await new Promise((turn) => setTimeout(turn, 20));
    report = await mill.operator.status(processingId);
  } while (report.completedAt === 0);`;

describe("a host process", () => {
  const bench = new Workbench();
  after(() => bench.dispose());

  it("starts nothing by importing assetmill, and loads no driver until a store is opened", async () => {
    const script = bench.write(
      "imports.mjs",
      `import { createRequire } from "node:module";
       const read = [];
       process.env = new Proxy(process.env, {
         get: (env, name) => (/^ASSETMILL/.test(String(name)) && read.push(name), env[name]),
       });
       const drivers = () => {
         const loaded = [...Object.keys(createRequire(import.meta.url).cache), ...process.moduleLoadList];
         return loaded.filter((name) => /node_modules\\/(better-)?sqlite3\\/|\\/pg\\/|NativeModule sqlite/.test(name)).length > 0;
       };
       // Its own standard streams are nobody's work.
       const resources = () => process.getActiveResourcesInfo().filter((name) => !/^(PipeWrap|TTYWrap|CloseReq)$/.test(name));
       const before = { resources: resources(), listeners: process.eventNames() };
       const { createAssetmill } = await import(${URL_OF_LIBRARY});
       const imported = {
         drivers: drivers(),
         resources: resources(),
         listeners: process.eventNames().length - before.listeners.length,
       };
       const mill = await createAssetmill(${OPTIONS(bench)});
       const opened = { drivers: drivers() };
       await mill.close();
       console.log(JSON.stringify({ before: before.resources, imported, opened, read }));`,
    );
    const { code, out, err } = await bench.node(script, { env: { ASSETMILL_STORE: "sqlite:other.sqlite" } });
    expect(code, err).to.equal(0);
    const { before, imported, opened, read } = JSON.parse(out);
    expect(imported).to.deep.equal({ drivers: false, resources: before, listeners: 0 });
    expect(opened.drivers, "a check that cannot fail").to.equal(true);
    expect(read, "environment variables that were read").to.deep.equal([]);
    expect(bench.has("other.sqlite")).to.equal(false);
  });

  const createAndClose = async (): Promise<number> => {
    let longestMs = 0;
    for (const between of ["", "mill.start();", RUN_A_JOB, "await mill.fetch(new Request('http://x/healthz'));"]) {
      const script = bench.write(
        "closes.mjs",
        `import { createAssetmill } from ${URL_OF_LIBRARY};
         const mill = await createAssetmill(${OPTIONS(bench)});
         ${between}
         await mill.close();
         const closed = Date.now();
         process.on("exit", () => console.log(Date.now() - closed));`,
      );
      const { code, out, err } = await bench.node(script, { withinMs: 60_000 });
      expect(code, err).to.equal(0);
      expect(out, between).to.match(/^\d+\n$/);
      longestMs = Math.max(longestMs, Number(out));
    }
    return longestMs;
  };
  itMeasures(
    "ends by itself after it created a mill and closed it",
    createAndClose,
    "ends within two seconds after it created a mill and closed it",
    (tookMs) => expect(tookMs).to.be.lessThan(2_000),
  );

  const closeOnHanging = async (): Promise<number> => {
    const script = bench.write(
      "hangs.mjs",
      `import { createAssetmill } from ${URL_OF_LIBRARY};
       let begun;
       const begin = new Promise((over) => { begun = over; });
       const hangs = { name: "hangs", version: "1", process: () => { begun(); return new Promise(() => {}); } };
       const mill = await createAssetmill({ ...${OPTIONS(bench)}, plugins: [hangs], engine: { drainMs: 100 } });
       await mill.operator.start({ path: "/content/dam/espresso", type: "ASSET_PROCESSING" }, "host");
       await begin;
       await mill.close();
       const closed = Date.now();
       process.on("exit", () => console.log(Date.now() - closed));`,
    );
    const { code, out, err } = await bench.node(script, { withinMs: 60_000 });
    expect(code, err).to.equal(0);
    expect(out).to.match(/^\d+\n$/);
    return Number(out);
  };
  itMeasures(
    "may end by itself after close() even if a handler never ended",
    closeOnHanging,
    "ends within two seconds after close() even if a handler never ended",
    (tookMs) => expect(tookMs).to.be.lessThan(2_000),
  );

  it("can require the package from CommonJS: there is no top-level await anywhere", async () => {
    const script = bench.write(
      "host.cjs",
      `const { createAssetmill, RetryableError, FILE_TYPES } = require(${JSON.stringify(LIBRARY)});
       (async () => {
         const mill = await createAssetmill({ ...${OPTIONS(bench)}, store: ${JSON.stringify(`sqlite:${bench.path("cjs.sqlite")}`)} });
         ${RUN_A_JOB}
         await mill.close();
         console.log(JSON.stringify({ status: report.status, retry: typeof RetryableError, types: FILE_TYPES.length }));
       })();`,
    );
    const { code, out, err } = await bench.node(script, { withinMs: 60_000 });
    expect(code, err).to.equal(0);
    expect(JSON.parse(out)).to.deep.equal({ status: "SUCCESS", retry: "function", types: 6 });
  });

  it("can require every entry of the package by its own name", async () => {
    const names = ["assetmill", "assetmill/http", "assetmill/testing"];
    const script = names.map((name) => `console.log(Object.keys(require("${name}")).length > 0);`).join("");
    const inPackage = { cwd: process.cwd() };
    const required = await bench.shell(`"$node" -e '${script}'`, inPackage);
    expect(required.code, required.err).to.equal(0);
    expect(required.out).to.equal("true\ntrue\ntrue\n");
    const imports = names.map((name) => `console.log(Object.keys(await import("${name}")).length > 0);`).join("");
    const imported = await bench.shell(`"$node" --input-type=module -e '${imports}'`, inPackage);
    expect(imported.code, imported.err).to.equal(0);
    expect(imported.out).to.equal("true\ntrue\ntrue\n");
  });

  it("is kept alive by an open mill's worker alone, and not before it was started", async () => {
    const script = bench.write(
      "idle.mjs",
      `import { createAssetmill } from ${URL_OF_LIBRARY};
       const mill = await createAssetmill({ ...${OPTIONS(bench)}, store: ${JSON.stringify(`sqlite:${bench.path("idle.sqlite")}`)} });
       console.log(mill.token.length > 20);`,
    );
    const { code, out, err } = await bench.node(script, { withinMs: 60_000 });
    expect(code, err).to.equal(0);
    expect(out).to.equal("true\n");
  });
});
