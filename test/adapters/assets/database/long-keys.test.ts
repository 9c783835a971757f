import { expect } from "chai";
import { DatabaseAssetRepository } from "../../../../src/adapters/assets/database/index.js";
import { PostgresDatabase, type SqlDatabase, SqliteDatabase } from "../../../../src/adapters/sql/index.js";
import { AssetResults } from "../../../../src/adapters/sql/asset-results.js";
import { pathKey } from "../../../../src/adapters/sql/path-key.js";
import { SCHEMA } from "../../../../src/composition/databases.js";
import { scopeOf } from "../../../../src/core/asset/scope.js";
import { deepSiblings, longPaths } from "../../../../src/testing/conformance/long-paths.js";
import { referenceOrder } from "../../../../src/testing/conformance/reference-order.js";
import { openPostgres } from "../../../support/database-assets.js";
import { freshSchema, sharedPostgres } from "../../../support/postgres-server.js";
import { recordSql } from "../../../support/recorded-sql.js";
import { tempFolder } from "../../../support/temp-folder.js";

/** Inserts assets as they were stored ever since. */
async function insert(database: SqlDatabase, paths: readonly string[]): Promise<void> {
  for (let i = 0; i < paths.length; i += 1_000) {
    const rows = paths.slice(i, i + 1_000).map((p) => ({ k: pathKey(p).toString("hex"), p }));
    await database.write((tx) =>
      tx.query(
        `insert into {asset} (key, path, file_type, size_bytes, created_ms, modified_ms, content_hash)
         select k, p, 'MARKDOWN', 1, 2, 3, 'h' from ${tx.dialect.rows({ k: "bytes", p: "text" })} as w`,
        [JSON.stringify(rows)],
      ),
    );
  }
}

const write = (path: string, done: number) => ({
  path,
  properties: { done },
  references: {},
  stamp: { sizeBytes: 1, modifiedMs: 1, contentHash: null, handlers: {} },
  jobId: "job",
});

async function scanned(database: SqlDatabase, pageSize: number, after?: string): Promise<string[]> {
  const repository = await DatabaseAssetRepository.open({ database, ownsDatabase: false });
  const paths: string[] = [];
  const options = { pageSize, ...(after === undefined ? {} : { after }) };
  for await (const { assets } of repository.scan(scopeOf(["/"], [], { fileTypes: [] }), options))
    paths.push(...[...assets].map(({ path }) => path));
  return paths;
}

describe("a database that was made before paths could be long", () => {
  const OLD = SCHEMA.migrations.filter(({ name }) => !/^(?:ChunkKeys|ResultPaths|AssetKeys|ResultRows)/.test(name));
  /** What fitted in an index: whatever is short, or can be compressed. */
  const FITTING = ["/a/b.md", "/a-b.md", `/${"x".repeat(3_000)}/y.md`, `/${"x".repeat(3_000)}-z.md`];

  const openers = [
    {
      engine: "SQLite",
      open: async (migrations: typeof OLD, place: string) =>
        SqliteDatabase.open({ file: `${place}/old.sqlite`, entities: SCHEMA.entities, migrations }),
    },
    {
      engine: "PostgreSQL",
      open: async (migrations: typeof OLD, place: string) => {
        const { url } = await sharedPostgres();
        const schema = `old_${place.replace(/\W/g, "_")}`.slice(0, 40);
        return PostgresDatabase.open({ url, schema, poolSize: 2, entities: SCHEMA.entities, migrations });
      },
    },
  ];
  for (const { engine, open } of openers) {
    it(`keeps its assets and results on ${engine}, and takes long paths from then on`, async () => {
      const { folder, remove } = await tempFolder();
      const place = engine === "SQLite" ? folder : freshSchema();
      const before = await open(OLD, place);
      await insert(before, FITTING);
      await before.write(async (tx) => {
        await tx.query("insert into {repository} (identity) values (?)", ["folder:/r"]);
        await tx.query(
          `insert into {folder_result} (repository_id, path, properties, size_bytes, modified_ms, handlers, job_id, at_ms)
           select id, ?, '{"old":1}', 1, 1, '{}', 'job', 1 from {repository}`,
          [FITTING[2]],
        );
      });
      await before.close();

      const database = await open(SCHEMA.migrations, place);
      try {
        const all = [...FITTING, ...longPaths("/")].sort(referenceOrder);
        expect(await scanned(database, 2)).to.deep.equal([...FITTING].sort(referenceOrder));
        await insert(database, longPaths("/"));
        for (const [i, after] of all.entries()) {
          expect(await scanned(database, 3, after), `after ${after.slice(0, 50)}`).to.deep.equal(all.slice(i + 1));
        }
        for (const identity of ["folder:/r", `folder:${longPaths("/")[0]}`]) {
          const results = new AssetResults(database, identity);
          await database.write((tx) => results.write(tx, all.map(write)));
          const found = await results.read(all);
          const kept = (path: string) => (identity === "folder:/r" && path === FITTING[2] ? { old: 1 } : {});
          expect(found.map((one) => one?.properties)).to.deep.equal(all.map((path, i) => ({ ...kept(path), done: i })));
        }
        const again = insert(database, [all[3] ?? ""]);
        expect(await again.catch((error: Error) => error.message)).to.match(/unique|duplicate/i);
      } finally {
        await database.close();
        if (engine === "PostgreSQL") {
          const { query } = await sharedPostgres();
          await query(`drop schema "old_${place.replace(/\W/g, "_").slice(0, 36)}" cascade`);
        }
        await remove();
      }
    });
  }
});

describe("keys on PostgreSQL that share more than an index holds", () => {
  const SIBLINGS = 1_500;
  const PAGE = 50;
  let database: SqlDatabase;
  let close: () => Promise<void>;
  const siblings = deepSiblings("/", SIBLINGS);
  const short = Array.from({ length: 20_000 }, (_, i) => `/short/${String(i).padStart(5, "0")}.md`);
  const all = [...siblings, ...short].sort(referenceOrder);

  before(async () => {
    ({ database, close } = await openPostgres());
    await insert(database, all);
    await database.write((tx) => tx.query("analyze {asset}"));
  });
  after(() => close());

  /** Plans and counts of each different statement, as it was run. */
  async function expectCheap(work: () => Promise<void>, rowsAtMost: number): Promise<number> {
    const statements = (await recordSql(work)).filter(({ sql }) =>
      /^select.*assetmill_(?:asset|asset_result)"/s.test(sql),
    );
    for (const { sql, parameters } of statements) {
      const [row] = await database.read(`explain (analyze, format json) ${sql}`, parameters);
      const visit = (node: any): void => {
        const told = `${node["Node Type"]} of ${sql}`;
        if (/asset$|result$/.test(node["Relation Name"] ?? "")) {
          expect(node["Node Type"], told).to.equal("Index Scan");
          expect(node["Index Cond"], told).to.be.a("string");
          expect(node["Rows Removed by Filter"] ?? 0, told).to.be.at.most(PAGE);
          expect(node["Actual Rows"] * node["Actual Loops"], told).to.be.at.most(rowsAtMost);
        }
        for (const child of node.Plans ?? []) visit(child);
      };
      visit((row?.["QUERY PLAN"] as any)[0].Plan);
    }
    return statements.length;
  }

  it("are scanned in order, and no page reads more rows than it holds", async () => {
    let found: string[] = [];
    const statements = await expectCheap(async () => {
      found = await scanned(database, PAGE);
    }, PAGE);
    expect(found).to.deep.equal(all);
    expect(statements, "one for each stem at least").to.be.at.least(4);
  });

  it("are resumed in the middle of the folder by reading a page", async () => {
    const repository = await DatabaseAssetRepository.open({ database, ownsDatabase: false });
    const at = all.indexOf(siblings[SIBLINGS - 100] ?? "");
    await expectCheap(async () => {
      const scope = scopeOf(["/"], [], { fileTypes: [] });
      for await (const { assets } of repository.scan(scope, { pageSize: PAGE, after: all[at] ?? "" })) {
        expect([...assets].map(({ path }) => path)).to.deep.equal(all.slice(at + 1, at + 1 + PAGE));
        break;
      }
    }, PAGE);
  });

  it("do not make the results of all assets be read for those of some, even without table statistics", async () => {
    const repository = await DatabaseAssetRepository.open({ database, ownsDatabase: false });
    await database.write(async (tx) => {
      await tx.query("alter table {asset_result} set (autovacuum_enabled = false)");
      await tx.query("insert into {repository} (identity) values (?)", [repository.identity]);
      await tx.query(
        `insert into {asset_result} (repository_id, key, at_ms, source, stamp)
         select id, '/short/' || lpad(cast(i as text), 5, '0') || '.md', 1, 1, '[1,1]'
         from {repository}, generate_series(0, 19999) as i`,
      );
    });
    const asked = short.slice(5_000, 5_000 + PAGE);
    const statements = await expectCheap(async () => {
      expect(await repository.apply(asked.map(write))).to.deep.equal([]);
      const results = await repository.results(asked);
      expect(results.map((one) => one?.properties)).to.deep.equal(asked.map((_, done) => ({ done })));
    }, PAGE);
    expect(statements, "what is stored, and what is shown").to.equal(2);
  });

  it("are looked up one by one, and so are their folders", async () => {
    const repository = await DatabaseAssetRepository.open({ database, ownsDatabase: false });
    const asked = siblings.slice(700, 710);
    const folder = (asked[0] ?? "").slice(0, asked[0]?.lastIndexOf("/"));
    await expectCheap(async () => {
      const nodes = await repository.stat([...asked, folder]);
      expect(nodes.map((node) => node?.kind)).to.deep.equal([...asked.map(() => "asset"), "folder"]);
    }, asked.length + 1);
  });
});
