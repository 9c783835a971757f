import { expect } from "chai";
import { readdirSync, writeFileSync } from "node:fs";
import { type Assetmill, createAssetmill } from "../../src/index.js";
import { jsonLines, TOPIC, Workbench } from "../cli/workbench.js";
import { endOf } from "../embedding/host.js";
import { freshSchema, type PostgresServer, sharedPostgres } from "../support/postgres-server.js";

const MIGRATION = "JCR_TO_DB_MIGRATION";

describe("JCR_TO_DB_MIGRATION", () => {
  let bench: Workbench;
  let server: PostgresServer;

  before(async () => {
    server = await sharedPostgres();
  });
  beforeEach(() => {
    bench = new Workbench();
  });
  afterEach(() => bench.dispose());

  async function refusal(...more: readonly string[]): Promise<{ code: string; errors?: readonly { field: string }[] }> {
    const answer = await bench.call(["process", "/content/dam/t", "--type", MIGRATION, "--json", ...more]);
    expect(answer.code, answer.out + answer.err).to.equal(2);
    return jsonLines(answer)[0];
  }

  it("is no job type unless --target names a target", async () => {
    const assets = bench.tree({ "a.dita": TOPIC });
    const problem = await refusal("--assets", assets, "--store", bench.store);
    expect(problem.code).to.equal("UNKNOWN_TYPE");
  });

  it("rejects by name a --target that is --assets under any name, or that cannot be written to", async () => {
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

  it("does not copy content that differs from what the source says of it: the target keeps its own", async () => {
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

  it("is left alone by a node with another target or none", async () => {
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
