import { expect } from "chai";
import { createHash } from "node:crypto";
import { cpSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Assetmill, createAssetmill } from "../../src/index.js";
import { jsonLines, TOPIC, until, Workbench } from "../cli/workbench.js";
import { endOf } from "../embedding/host.js";
import { expectSameResults, resultsIn } from "../support/same-results.js";
import { freshSchema, type PostgresServer, sharedPostgres } from "../support/postgres-server.js";
import { DOCS_ROOT, folderUri, realDocs } from "./real-docs.js";

const MIGRATION = "JCR_TO_DB_MIGRATION";
/** As many files as give a kill something to interrupt. */
const COPIES = 2;

describe("JCR_TO_DB_MIGRATION", () => {
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

  it("of DITA-OT's documentation to PostgreSQL, killed -9 twice on the way, gives every file's bytes and what processing wrote", async () => {
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

  async function refusal(...more: readonly string[]): Promise<{ code: string; errors?: readonly { field: string }[] }> {
    const answer = await bench.call(["process", "/content/dam/t", "--type", MIGRATION, "--json", ...more]);
    expect(answer.code, answer.out + answer.err).to.equal(2);
    return jsonLines(answer)[0];
  }

  it("is no job type where no --target says where to", async () => {
    const assets = bench.tree({ "a.dita": TOPIC });
    const problem = await refusal("--assets", assets, "--store", bench.store);
    expect(problem.code).to.equal("UNKNOWN_TYPE");
  });

  it("--target that is --assets, by whatever name, or that takes nothing in, is refused by name", async () => {
    const folder = bench.tree({ "a.dita": TOPIC });
    const sqlite = `sqlite:${bench.path("assets.sqlite")}`;
    const schema = freshSchema();
    const wrong: readonly (readonly [string, string])[] = [
      [sqlite, sqlite],
      [sqlite, `${sqlite}?driver=better-sqlite3`],
      [`${server.url}?schema=${schema}`, `${server.url}?schema=${schema}&application_name=other`],
      [sqlite, folder],
      [sqlite, "ftp:x"],
    ];
    for (const [assets, target] of wrong) {
      const { code, errors } = await refusal("--assets", assets, "--target", target);
      expect([code, errors?.[0]?.field], target).to.deep.equal(["INVALID_PARAMETER", "target"]);
    }
  });

  it("a content that is not what the source says of it is not copied: what the target has stays", async () => {
    bench.write("in/good.dita", TOPIC);
    bench.write("in/bad.dita", TOPIC.replace("</title>", " two</title>"));
    const assets = `sqlite:${bench.path("from.sqlite")}?content=${bench.path("contents")}`;
    const target = `sqlite:${bench.path("to.sqlite")}`;
    const run = (...command: readonly string[]) => bench.call([...command, "--assets", assets, "--json"]);
    expect((await run("import", bench.path("in"), "/in")).code).to.equal(0);
    const migrate = ["process", "/in", "--type", MIGRATION, "--target", target];
    expect((await run(...migrate)).code).to.equal(0);
    const rowOf = async (file: string): Promise<any> => {
      const { DataSource } = await import("typeorm");
      const source = await new DataSource({ type: "sqlite", database: bench.path(file) }).initialize();
      try {
        return (
          await source.query("select content_hash, size_bytes from assetmill_asset where path = '/in/bad.dita'")
        )[0];
      } finally {
        await source.destroy();
      }
    };
    const before = await rowOf("to.sqlite");
    const digest = String(before.content_hash).replace("sha256:", "");
    const [file] = readdirSync(bench.path("contents"), { recursive: true, encoding: "utf8" }).filter((name) =>
      name.replaceAll("/", "").includes(digest),
    );
    writeFileSync(bench.path("contents", file ?? ""), "something else");

    const second = await run(...migrate);
    expect(second.code, second.err).to.equal(1);
    const { processingId, ...report } = jsonLines(second).at(-1);
    expect(report).to.include({ status: "SUCCESS", succeededCount: 1, failedCount: 1 });
    const [failure] = jsonLines(
      await bench.call(["failures", processingId, "--store", assets.split("?")[0] ?? "", "--json"]),
    );
    expect(failure).to.include({ path: "/in/bad.dita", code: "HASH_MISMATCH" });
    expect(await rowOf("to.sqlite")).to.deep.equal(before);
  });

  it("a node with another target, or with none, leaves the job alone", async () => {
    const assets = bench.tree({ "a/1.dita": TOPIC, "a/2.dita": TOPIC, "b/3.dita": TOPIC });
    const own = `sqlite:${bench.path("own.sqlite")}`;
    const other = `sqlite:${bench.path("other.sqlite")}`;
    const mills: Assetmill[] = [];
    const open = async (target?: string): Promise<Assetmill> => {
      const mill = await createAssetmill({
        assets,
        store: bench.store,
        autoStart: false,
        ...(target === undefined ? {} : { target }),
      });
      mills.push(mill);
      return mill;
    };
    try {
      const mine = await open(own);
      const [theirs, none] = [await open(other), await open()];
      const { processingId } = await mine.operator.start({ path: "/content/dam/t/a", type: MIGRATION }, "ann");
      theirs.start();
      none.start();
      // Both have looked for work, and worked, with the job before their eyes.
      for (const [mill, path] of [
        [theirs, "a"],
        [none, "b"],
      ] as const) {
        const job = await mill.operator.start({ path: `/content/dam/t/${path}`, type: "ASSET_PROCESSING" }, "bob");
        expect((await endOf(mill, job.processingId)).status).to.equal("SUCCESS");
      }
      expect(await mine.operator.status(processingId)).to.include({ status: "WAITING", processedCount: 0 });
      mine.start();
      expect(await endOf(mine, processingId)).to.include({ status: "SUCCESS", succeededCount: 2 });
    } finally {
      for (const mill of mills) await mill.close();
    }
    const count = async (target: string): Promise<number> => {
      const mill = await createAssetmill({ assets: target, store: target });
      try {
        const job = await mill.operator.start({ path: "/", type: "ASSET_PROCESSING", dryRun: true }, "ann");
        return (await endOf(mill, job.processingId)).migrationSet.totalFiles;
      } finally {
        await mill.close();
      }
    };
    expect([await count(own), await count(other)]).to.deep.equal([2, 0]);
  });
});
