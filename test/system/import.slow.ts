import { expect } from "chai";
import { createHash } from "node:crypto";
import { closeSync, openSync, statSync, writeSync } from "node:fs";
import { join } from "node:path";
import { jsonLines, LIBRARY, until, Workbench } from "../cli/workbench.js";
import { freshSchema, type PostgresServer, sharedPostgres } from "../support/postgres-server.js";
import { itMeasures } from "../support/timed.js";

const ROOT = "/content/dam/t";
const BIG_MB = 300;

describe("assetmill import at length", () => {
  let server: PostgresServer;
  let bench: Workbench;

  before(async () => {
    server = await sharedPostgres();
  });
  beforeEach(() => {
    bench = new Workbench();
  });
  afterEach(() => bench.dispose());

  const postgres = (): string => `${server.url}?schema=${freshSchema()}`;

  it("resumes where it was if killed with kill -9 and repeated; repeated once more, it changes nothing", async () => {
    const count = 1_500;
    const schema = freshSchema();
    bench.topics(count);
    const command = ["import", bench.path("tree"), ROOT, "--assets", `${server.url}?schema=${schema}`, "--json"];
    const rows = async (): Promise<number> =>
      (await server.query(`select count(*)::int as n from "${schema}".assetmill_asset`).catch(() => [{ n: 0 }]))[0]?.n;
    const killed = bench.start(command);
    await until("a part of it", async () => (await rows()) >= 300, 60_000);
    expect(killed.isAlive, killed.err).to.equal(true);
    await killed.kill();
    const there = await rows();
    expect(there).to.be.within(300, count - 1);
    const ended = await bench.run(command);
    expect(ended.code, ended.err).to.equal(0);
    const { created, unchanged, ...none } = jsonLines(ended)[0];
    expect([created + unchanged, none]).to.deep.equal([count, { replaced: 0, failed: 0 }]);
    // What the killed one had under way may have been stored after the look.
    expect(unchanged).to.be.at.least(there);
    expect(await rows()).to.equal(count);
    const again = await bench.run(command);
    expect(jsonLines(again)[0]).to.deep.equal({ created: 0, replaced: 0, unchanged: count, failed: 0 });
  });

  const importBig = async (): Promise<number> => {
    const file = bench.write("tree/big.bin", "");
    const hash = createHash("sha256");
    const handle = openSync(file, "w");
    for (let mb = 0; mb < BIG_MB; mb++) {
      const piece = Buffer.alloc(2 ** 20, mb % 251);
      hash.update(piece);
      writeSync(handle, piece);
    }
    closeSync(handle);
    const sha256 = hash.digest("hex");
    bench.write("tree/small.bin", "x");
    const assets = postgres();
    const script = bench.write(
      "big.mjs",
      `import { createHash } from "node:crypto";
       import { createAssetmill } from ${JSON.stringify(LIBRARY)};
       import { runProgram } from ${JSON.stringify(join(LIBRARY, "../cli/program.js"))};
       const quiet = { line() {}, json() {}, say() {}, isTerminal: false, err: process.stderr };
       let peak = 0;
       const look = () => (peak = Math.max(peak, process.memoryUsage().rss));
       setInterval(look, 10).unref();
       const grown = async (work) => {
         look();
         const before = peak = process.memoryUsage().rss;
         await work();
         look();
         return Math.round((peak - before) / 2 ** 20);
       };
       const run = async (...args) => {
         const code = await runProgram([...args, "--assets", ${JSON.stringify(assets)}], quiet);
         if (code !== 0) throw new Error(args[0] + " ended with " + code);
       };
       // Everything is loaded and warm before it is measured.
       await run("import", ${JSON.stringify(bench.write("warm/w.bin", "w") && bench.path("warm"))}, "/warm");
       const importMb = await grown(() => run("import", ${JSON.stringify(bench.path("tree"))}, ${JSON.stringify(ROOT)}));
       let sha256;
       const plugin = { name: "hash", version: "1", async process(asset, context) {
         const hash = createHash("sha256");
         for await (const piece of context.stream()) hash.update(piece);
         const hex = hash.digest("hex");
         if (asset.path.endsWith("/big.bin")) sha256 = hex;
         return { properties: { hex } };
       } };
       const mill = await createAssetmill({ assets: ${JSON.stringify(assets)}, store: ${JSON.stringify(assets)}, plugins: [plugin] });
       const process_ = async (path) => {
         const { processingId } = await mill.operator.start({ path, type: "ASSET_PROCESSING" }, "ann");
         for (;;) {
           const report = await mill.operator.status(processingId);
           if (report.completedAt > 0) return report;
           await new Promise((turn) => setTimeout(turn, 50));
         }
       };
       await process_("/warm");
       let report;
       const processMb = await grown(async () => { report = await process_(${JSON.stringify(ROOT)}); });
       console.log(JSON.stringify({ importMb, processMb, sha256, status: report.status, succeeded: report.succeededCount }));
       await mill.close();`,
    );
    const ended = await bench.node(script, { withinMs: 110_000 });
    expect(ended.code, ended.err).to.equal(0);
    const { importMb, processMb, ...rest } = JSON.parse(ended.out);
    process.stderr.write(`      RSS grew by ${importMb} MB in the import, by ${processMb} MB in the job\n`);
    expect(rest).to.deep.equal({ sha256, status: "SUCCESS", succeeded: 2 });
    expect(statSync(file).size).to.equal(BIG_MB * 2 ** 20);
    return Math.max(importMb, processMb);
  };
  itMeasures(
    `imports a file of ${BIG_MB} MB, which a handler reads unchanged`,
    importBig,
    `imports a file of ${BIG_MB} MB, which is read in pieces, with little memory`,
    (grownMb) => expect(grownMb).to.be.lessThan(BIG_MB / 2.5),
  );
});
