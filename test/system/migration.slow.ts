import { expect } from "chai";
import { createHash } from "node:crypto";
import { cpSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { jsonLines, until, Workbench } from "../cli/workbench.js";
import { expectSameResults, resultsIn } from "../support/same-results.js";
import { freshSchema, type PostgresServer, sharedPostgres } from "../support/postgres-server.js";
import { DOCS_ROOT, folderUri, realDocs } from "./real-docs.js";

const MIGRATION = "JCR_TO_DB_MIGRATION";
/** As many files as give a kill something to interrupt. */
const COPIES = 2;

describe("JCR_TO_DB_MIGRATION, killed", () => {
  const docs = realDocs("the migration of two copies of the documents");
  let bench: Workbench;
  let server: PostgresServer;

  before(async () => {
    server = await sharedPostgres();
  });
  beforeEach(() => {
    bench = new Workbench();
  });
  afterEach(() => bench.dispose());

  const rows = async (schema: string): Promise<number> =>
    (await server.query(`select count(*)::int as n from "${schema}".assetmill_asset`).catch(() => [{ n: 0 }]))[0]?.n;

  /** Path, size and SHA-256 of every asset as the database has it, from the bytes of its pieces. */
  const stored = (schema: string): Promise<readonly any[]> =>
    server.query(`
      select a.path, a.size_bytes::int as size, a.content_hash as said, a.content_id as content,
        'sha256:' || encode(sha256(coalesce(string_agg(p.bytes, '' order by p.piece), '')), 'hex') as hash
      from "${schema}".assetmill_asset a
      left join "${schema}".assetmill_content_piece p on p.content_id = a.content_id
      group by a.path, a.size_bytes, a.content_hash, a.content_id order by a.path collate "C"`);

  it("moves DITA-OT's documentation to PostgreSQL despite two kill -9, with every file's bytes and results", async () => {
    for (let i = 0; i < COPIES; i++) cpSync(docs, bench.path("docs", `copy${i}`), { recursive: true });
    const files = readdirSync(bench.path("docs"), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => {
        const file = join(entry.parentPath, entry.name);
        const bytes = readFileSync(file);
        const hash = `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
        return { path: `${DOCS_ROOT}${file.slice(bench.path("docs").length)}`, size: bytes.length, hash };
      })
      .sort((a, b) => (a.path < b.path ? -1 : 1));
    const assets = folderUri(bench.path("docs"));
    const schema = freshSchema();
    const target = `${server.url}?schema=${schema}`;
    const common = ["process", DOCS_ROOT, "--assets", assets, "--store", bench.store, "--json"];
    const processed = await bench.run(common);
    expect(processed.code, processed.err).to.equal(0);

    const command = [...common, "--type", MIGRATION, "--target", target, "--chunk-size", "20"];
    for (const share of [0.2, 0.6]) {
      const killed = bench.start(command);
      await until(
        `${share} of the assets`,
        async () => !killed.isAlive || (await rows(schema)) >= share * files.length,
        60_000,
      );
      expect(killed.isAlive, `it had ended before the kill: ${killed.err}`).to.equal(true);
      await killed.kill();
      expect(await rows(schema)).to.be.lessThan(files.length);
    }
    const ended = await bench.run(command);
    expect(ended.code, ended.err).to.equal(0);
    expect(ended.err).to.match(/Resuming job/);
    const report = jsonLines(ended).at(-1);
    expect(report).to.deep.include({
      status: "SUCCESS",
      type: MIGRATION,
      attempt: 1,
      migrationSet: { totalFiles: files.length, calculationStatus: "SUCCESS" },
      succeededCount: files.length,
      failedCount: 0,
      skippedCount: 0,
    });
    expect(await bench.ask("history", "--type", MIGRATION), "jobs").to.have.length(1);
    const copied = await stored(schema);
    expect(copied.map(({ path, size, hash }) => ({ path, size, hash }))).to.deep.equal(files);
    expect(copied.filter(({ said, hash }) => said !== hash)).to.deep.equal([]);

    const paths = files.map(({ path }) => path);
    const written = await resultsIn({ assets, store: bench.store }, paths);
    expectSameResults(written, await resultsIn({ assets: target, store: target }, paths));

    const again = await bench.run(command);
    expect(again.code, again.err).to.equal(0);
    expect(jsonLines(again).at(-1)).to.include({ status: "SUCCESS", succeededCount: files.length });
    expect(await stored(schema), "a repeated run writes no content again").to.deep.equal(copied);
    const imported = await bench.run(["import", bench.path("docs"), DOCS_ROOT, "--assets", target, "--json"]);
    expect(jsonLines(imported)[0]).to.deep.equal({ created: 0, replaced: 0, unchanged: files.length, failed: 0 });
  });
});
