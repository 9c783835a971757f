import { existsSync } from "node:fs";
import path from "node:path";
import { expect } from "chai";
import type { ReportedOutcome } from "../../src/index.js";
import { jsonLines, Workbench } from "../cli/workbench.js";
import { freshSchema, sharedPostgres, stopSharedPostgres } from "../support/postgres-server.js";
import { expectSameResults, resultsIn } from "../support/same-results.js";
import { forEachLane } from "./support/fixture.js";
import { filesAs, storedCopies } from "./support/stored-copies.js";

const DOCS = path.resolve(process.cwd(), "../shared/data/dita-ot-docs");

const MIGRATION = "JCR_TO_DB_MIGRATION";

/** What can be compared of two runs: neither when nor for how long. */
const shown = (outcomes: readonly ReportedOutcome[], root: string) =>
  Object.fromEntries(
    outcomes.map(({ path: asset, outcome, code, message, handler, attempts }) => [
      asset.slice(root.length),
      { outcome, code, message, handler, attempts },
    ]),
  );

forEachLane("the 360 files of DITA-OT's documentation", (at) => {
  after(stopSharedPostgres);

  it("have, once imported and processed in place, the same outcomes and results as in a folder, and migrate to databases with them", async function () {
    if (!existsSync(DOCS)) {
      process.stderr.write(`\n!!! NOT RUN: there is no ${DOCS}\n`);
      this.skip();
    }
    this.timeout(300_000);
    const bench = new Workbench();
    try {
      const { origin, user, password, dialect } = at().lane;
      const { root } = at();
      const jcr = `jcr+${origin.replace("://", `://${user}:${password}@`)}?dialect=${dialect}`;
      const began = performance.now();
      const imported = await bench.run(["import", DOCS, root, "--assets", jcr], { withinMs: 240_000 });
      expect(imported.code, imported.err).to.equal(0);
      const importedMs = performance.now();
      const [node] = await at().dialect.read([`${root}/index.dita`], 0);
      expect(node?.properties.get("jcr:primaryType")?.value).to.equal("dam:Asset");
      const run = async (assets: string, store: string) => {
        const ran = await bench.run(["process", root, "--assets", assets, "--store", store, "--json"], {
          withinMs: 240_000,
        });
        expect(ran.code, ran.err).to.equal(0);
        const id = String(jsonLines(ran).at(-1).processingId);
        const outcomes = await bench.run(["outcomes", id, "--store", store, "--json"]);
        return jsonLines(outcomes) as ReportedOutcome[];
      };
      const [mine, theirs] = [bench.path("jcr.sqlite"), bench.path("folder.sqlite")].map(
        (file) => `sqlite:${file}`,
      ) as [string, string];
      const onJcr = await run(jcr, mine);
      const processedMs = performance.now();
      const inFolder = await run(`folder:${DOCS}?mount=${root}`, theirs);
      expect(onJcr).to.have.length(360);
      expect(shown(onJcr, root)).to.deep.equal(shown(inFolder, root));
      expect(JSON.stringify(onJcr)).not.to.include(password === "admin" ? "admin:admin" : password);
      for (const file of ["index.dita", "userguide-book.ditamap", "topics/installing.ditamap"]) {
        const show = async (assets: string, store: string) => {
          const asked = await bench.run(["show", `${root}/${file}`, "--assets", assets, "--store", store, "--json"]);
          const { properties, references, stamp } = jsonLines(asked)[0];
          return { properties, references, contentHash: stamp.contentHash };
        };
        expect(await show(jcr, mine), file).to.deep.equal(await show(`folder:${DOCS}?mount=${root}`, theirs));
      }
      const files = filesAs(DOCS, root);
      const targets = [`sqlite:${bench.path("target.sqlite")}`];
      // Where each node costs a request, once is enough.
      if (dialect === "davex") targets.push(`${(await sharedPostgres()).url}?schema=${freshSchema()}`);
      const paths = files.map(({ path: asset }) => asset);
      const written = await at().repository.results(paths);
      for (const target of targets) {
        const command = ["process", root, "--assets", jcr, "--store", mine, "--type", MIGRATION, "--target", target];
        const moved = await bench.run([...command, "--json"], { withinMs: 240_000 });
        expect(moved.code, moved.err).to.equal(0);
        expect(jsonLines(moved).at(-1)).to.include({
          status: "SUCCESS",
          type: MIGRATION,
          succeededCount: files.length,
          failedCount: 0,
          skippedCount: 0,
        });
        expect(moved.err).to.include(
          `Verified: ${files.length} copies read back, hashes equal; the target holds ${files.length} assets of this scope`,
        );
        expect(await storedCopies(target)).to.deep.equal(files);
        expectSameResults(written, await resultsIn({ assets: target, store: target }, paths));
      }
      const movedMs = performance.now();
      const again = await bench.run(["import", DOCS, root, "--assets", jcr], { withinMs: 240_000 });
      expect(again.code, again.err).to.equal(0);
      const [took, did, moved] = [importedMs - began, processedMs - importedMs, movedMs - processedMs].map(
        (ms) => `${(ms / 1000).toFixed(1)} s`,
      );
      process.stderr.write(
        `      imported in ${took}, processed in ${did}, moved to ${targets.length} databases in ${moved}\n`,
      );
    } finally {
      await bench.dispose();
    }
  });
});
