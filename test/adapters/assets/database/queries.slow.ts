import { expect } from "chai";
import { createAssetmill, type AssetHandler } from "../../../../src/index.js";
import type { KeyPart } from "../../../../src/adapters/assets/database/key-parts.js";
import { type KeyRange, keysBelow } from "../../../../src/adapters/assets/database/key-ranges.js";
import { pageOf } from "../../../../src/adapters/assets/database/scan-sql.js";
import { PostgresDatabase, type SqlDatabase, SqliteDatabase } from "../../../../src/adapters/sql/index.js";
import { pathKey } from "../../../../src/adapters/sql/path-key.js";
import { SCHEMA } from "../../../../src/composition/databases.js";
import { LIBRARY, until, Workbench } from "../../../cli/workbench.js";
import { endOf } from "../../../embedding/host.js";
import { openPostgres } from "../../../support/database-assets.js";
import { BIG, insertAssets, pathOfAsset } from "../../../support/million-assets.js";
import { freshSchema, sharedPostgres } from "../../../support/postgres-server.js";
import { type RecordedSql, recordSql } from "../../../support/recorded-sql.js";
import { itMeasures } from "../../../support/timed.js";

/** Rows are too many in these to be read as a whole; so they are in `job`, whose few exceptions are named below. */
const TABLES = [
  "asset",
  "content",
  "content_piece",
  "asset_result",
  "lease",
  "held_path",
  "chunk",
  "outcome_part",
  "log_block",
  "job",
];

/** What must have been asked, or the test has missed it. */
const HOT: readonly (readonly [string, RegExp])[] = [
  ["first page of a scan", /from \S*asset" where KEY >= \S+ and KEY < \S+ order by KEY limit/],
  ["page of a scan by type", /where file_type = \S+ and KEY >= \S+ and KEY < \S+ order by KEY limit/],
  [
    "page of a scan by creation",
    /where file_type = \S+ and KEY >= \S+ and KEY < \S+ and created_ms >= \S+ and created_ms <= /,
  ],
  ["end of a window", /order by KEY limit 1 offset/],
  ["stat", /select a\.path.* \S*asset" a .*a\.key = w\.key/],
  ["folder look-up", /select path from \S*asset" where KEY >= \S+ and KEY < \S+ order by KEY limit 1$/],
  ["piece of a content", /select bytes from \S*content_piece" where content_id/],
  ["results", /select w\.p, r\.stamp, .*\S*asset_result" r/],
  ["results that are there already", /select w\.p, r\.properties, r\.refs from/],
  ["results that may be of assets that are gone", /select r\.key, .* r\.at_ms, r\.source from \S*asset_result" r/],
  ["writing results", /insert into \S*asset_result" as old/],
  ["owners of leases", /select distinct owner from/],
  ["lanes of jobs", /with recursive lanes/],
  ["work of a lane", /select repository, handlers from/],
  ["heads of lanes", /select sequence from \(select distinct job_id from/],
  ["claim candidates", /order by needs_care desc, .* desc, sequence limit 50/],
  ["free rows", /select chunk, state, epoch, part, deaths/],
  ["taking rows", /as l set state = written\.state, epoch = written\.epoch/],
  ["manifests", /select chunk, manifest from/],
  ["outcomes of a chunk taken over", /select chunk, outcomes from \S*outcome_part"/],
  ["fence of parts", /set part = l\.part \+ 1/],
  ["fence of discovery", /set part = part \+ 1, deaths = 0, announced = null, charges = null, path_cursor/],
  ["renewal", /set until_ms = /],
  ["release", /set state = 'READY', owner = null, deaths = 0, announced = null/],
  ["job row", /FROM \S*job" "JobRow" WHERE \(\("JobRow"\."id" = /],
  ["nearest rival", /select min\(nearest\) as sequence/],
  ["number of active jobs", /count\(\*\) as active/],
  ["is it leased", /select exists \(select 1 from \S*lease" where job_id = /],
  ["jobs that are stopping", /where \(status in \('CANCELLING'\)\s+or/],
  ["page of a log", /select first_line, text from/],
  ["page of failures", /p\.failed > 0/],
  ["outcome parts", /select at_ms, outcomes from/],
  ["asset's place in a job", /c\.first_key <= /],
  ["history by status", /octet_length\(request\) .* where status in .* order by sequence desc limit/],
  ["history", /octet_length\(request\) .* where status <> .* type <> .* order by sequence desc limit/],
  ["rows of the history", /FROM \S*job" "JobRow" WHERE .*"sequence" IN /],
];

/** A statement on one line, with KEY for what is indexed of a key. */
const shown = (sql: string): string =>
  sql.replace(/\s+/g, " ").replace(/substr\(key, 1, 2048\)|(?<=\b(?:where|and|order by) )key\b/g, "KEY");

/** What no index helps. */
const SCANNING = { sql: 'select * from "assetmill_asset" a where size_bytes = ?', parameters: [1] };

describe("queries on large tables", function () {
  this.timeout(240_000);
  const bench = new Workbench();
  after(() => bench.dispose());

  const handler: AssetHandler = {
    name: "slow",
    version: "1",
    async process(_asset, { signal }) {
      await new Promise<void>((over) => {
        setTimeout(over, 700);
        signal.addEventListener("abort", () => over());
      });
      signal.throwIfAborted();
      return { properties: { slow: true } };
    },
  };

  /** A job, its reports, and what else is asked of a store and a database repository. */
  async function work(uri: string): Promise<void> {
    const engine = { leaseTtlMs: 2_000, renewEveryMs: 100, drainMs: 50 };
    const options = { assets: uri, store: uri, plugins: [handler], chunkSize: 5, concurrency: 4, engine };
    const first = await createAssetmill(options);
    const { processingId: id } = await first.operator.start({ path: "/small", type: "ASSET_PROCESSING" }, "ann");
    await until("an outcome", async () => (await first.operator.status(id)).processedCount > 0);
    // Stopped in mid-chunk: it is claimed once more, and its outcomes are read.
    await first.close();
    const mill = await createAssetmill(options);
    try {
      mill.start();
      expect(await endOf(mill, id)).to.include({ status: "SUCCESS" });
      const { operator } = mill;
      await operator.logs(id, { tail: 5 });
      await operator.outcomes(id, { kinds: ["FAILED"], limit: 10 });
      await operator.outcomes(id, { kinds: ["SUCCEEDED", "FAILED", "SKIPPED"], limit: 10 });
      await operator.history({ limit: 5 });
      await operator.history({ limit: 5, status: "PROCESSING" });
      await operator.history({ limit: 5, before: id });
      await operator.results("/small/a1.dita");
      const again = { filter: { filterProcessedAssets: true }, path: "/small", type: "ASSET_PROCESSING" };
      await endOf(mill, (await operator.start(again, "ann")).processingId);
      const filters = [
        { fileTypes: ["DITAMAP"] },
        { startTime: 1_000_000, endTime: 1_000_500 },
        { fileTypes: ["DITAMAP"], startTime: 1_000_000, endTime: 1_000_500 },
      ];
      for (const filter of filters) {
        const { processingId } = await operator.start(
          { path: BIG, type: "ASSET_PROCESSING", filter, dryRun: true },
          "ann",
        );
        await endOf(mill, processingId, 60_000);
      }
      const stopped = await operator.start({ path: "/small", type: "ASSET_PROCESSING" }, "ann");
      await until("it at work", async () => (await operator.status(stopped.processingId)).status === "PROCESSING");
      await operator.cancel(stopped.processingId, "ann");
      await endOf(mill, stopped.processingId);
      const asked = await operator.askAssetStatus({ path: "/small" }, "ann");
      await endOf(mill, asked.jobId);
      await operator.assetStatus(asked.jobId);
    } finally {
      await mill.close();
    }
  }

  /** SQL: the numbers from 1. */
  const numbers = ({ dialect }: SqlDatabase, upTo: number): string =>
    dialect.name === "sqlite"
      ? `(with recursive n(i) as (select 1 union all select i + 1 from n where i < ${upTo}) select i from n)`
      : `(select i from generate_series(1, ${upTo}) as i)`;

  /** Many jobs like those that are there, ended, with all their rows. */
  async function multiply(database: SqlDatabase, times: number): Promise<void> {
    for (const table of [
      "job",
      "lease",
      "chunk",
      "outcome_part",
      "log_block",
      "asset_result",
      "content",
      "content_piece",
    ]) {
      const [row] = await database.read(`select * from {${table}} limit 1`);
      const columns = Object.keys(row ?? {}).filter((name) => name !== "sequence");
      const id = { job: "id", asset_result: "key", content: "id", content_piece: "content_id" }[table] ?? "job_id";
      // Results of assets that are not there, beside the scope of the jobs, which would remove them.
      const copy = table === "asset_result" ? `'/many/' || n.i || t.key` : `t.${id} || '-' || n.i`;
      const selected = columns.map((name) => (name === id ? copy : `t.${name}`));
      await database.write((tx) =>
        tx.query(
          `insert into {${table}} (${columns.join(", ")}) select ${selected.join(", ")} from {${table}} t, ${numbers(database, times)} as n`,
        ),
      );
    }
  }

  async function fill(database: SqlDatabase, uri: string, assets: number): Promise<void> {
    for (let i = 1; i <= 12; i++) bench.write(`small/a${i}.dita`, '<topic id="t"><title>T</title></topic>');
    const imported = await bench.call(["import", bench.path("small"), "/small", "--assets", uri]);
    expect(imported.code, imported.err).to.equal(0);
    await insertAssets(database, assets);
    // The rows that are multiplied: some jobs as the program makes them.
    await work(uri);
    await multiply(database, 2_000);
    const hash =
      database.dialect.name === "sqlite"
        ? "randomblob(16)"
        : "decode(md5(job_id || '/' || chunk || '/' || n.i), 'hex')";
    await database.write((tx) =>
      tx.query(
        `insert into {held_path} (path_hash, own, sequence)
         select ${hash}, 0, (select min(sequence) from {job}) from {lease} t, ${numbers(database, 5)} as n`,
      ),
    );
  }

  /** Each part of a plan that reads one of our tables as a whole. */
  type FullScans = (database: SqlDatabase, statement: RecordedSql) => Promise<readonly string[]>;

  const sqliteScans: FullScans = async (database, { sql, parameters }) => {
    const names = new Set<string>();
    for (const [, table = "", alias] of sql.matchAll(/"assetmill_(\w+)"(?:\s+(?:as\s+)?"?(\w+)"?)?/gi)) {
      if (TABLES.includes(table)) for (const name of [`assetmill_${table}`, alias ?? ""]) names.add(name);
    }
    const plan = await database.read(`explain query plan ${sql}`, parameters);
    return plan
      .map(({ detail }) => String(detail))
      .filter((detail) => names.has(/^SCAN (\w+)/.exec(detail)?.[1] ?? "-"));
  };

  const postgresScans: FullScans = async (database, { sql, parameters }) => {
    const [row] = await database.read(`explain (format json) ${sql}`, parameters);
    const found: string[] = [];
    const visit = (node: any): void => {
      const table = String(node["Relation Name"] ?? "").replace("assetmill_", "");
      const whole = node["Node Type"] === "Seq Scan" || (/Index/.test(node["Node Type"]) && !node["Index Cond"]);
      if (TABLES.includes(table) && whole) found.push(`${node["Node Type"]} on ${table} ${node["Index Name"] ?? ""}`);
      for (const child of node.Plans ?? []) visit(child);
    };
    visit((row?.["QUERY PLAN"] as any)[0].Plan);
    return found;
  };

  /**
   * What may be walked: jobs newest first, for the walk ends with the page; active jobs that are counted, up to a
   * limit; and the indexes that hold nothing but what is leased, careful, about to end or claimable now.
   */
  const mayBeWalked = (scan: string, { sql }: RecordedSql): boolean =>
    /lease_leased|lease_careful|job_to_end|job_claimable/.test(scan) ||
    / as active from /.test(sql) ||
    /octet_length\(request\) as request(?!.* and id in ).* order by sequence desc limit \S+$/s.test(sql);

  async function expectIndexes(database: SqlDatabase, uri: string, fullScans: FullScans): Promise<void> {
    const statements = (await recordSql(() => work(uri))).filter(
      ({ sql }) => /^\s*(?:select|update|delete|insert|with)\b/i.test(sql) && /assetmill_/.test(sql),
    );
    const missing = HOT.filter(([, pattern]) => !statements.some(({ sql }) => pattern.test(shown(sql))));
    expect(
      missing.map(([what]) => what),
      "queries that were not met",
    ).to.deep.equal([]);
    const bad: string[] = [];
    for (const statement of statements) {
      const scans = (await fullScans(database, statement)).filter((scan) => !mayBeWalked(scan, statement));
      if (scans.length > 0) bad.push(`${scans.join("; ")}: ${statement.sql.replace(/\s+/g, " ")}`);
    }
    expect(bad.join("\n"), "statements that read a whole table").to.equal("");
  }

  describe("on SQLite with a million assets", () => {
    const file = bench.path("million.sqlite");
    const uri = `sqlite:${file}`;
    let database: SqlDatabase;

    before(async () => {
      database = await SqliteDatabase.open({ file, ...SCHEMA });
      await fill(database, uri, 1_000_000);
    });
    after(() => database.close());

    it("use an index in each statement of a job's life, of its reports and of the history", async () => {
      await expectIndexes(database, uri, sqliteScans);
    });

    it("are checked: a full scan is detected", async () => {
      expect(await sqliteScans(database, SCANNING)).to.have.length(1);
    });

    const readFirstPages = async (): Promise<number> => {
      let longestMs = 0;
      const { DatabaseAssetRepository } = await import("../../../../src/adapters/assets/database/index.js");
      const repository = await DatabaseAssetRepository.open({ database, ownsDatabase: false });
      for (const filter of [{ fileTypes: [] }, { fileTypes: ["DITAMAP" as const] }]) {
        const times: number[] = [];
        for (let i = 0; i < 5; i++) {
          const began = performance.now();
          for await (const { assets } of repository.scan({ roots: [BIG], excluded: [], filter }, { pageSize: 500 })) {
            expect(assets).to.have.length(500);
            break;
          }
          times.push(performance.now() - began);
        }
        process.stderr.write(`      first page of 500: ${Math.min(...times).toFixed(1)} ms at best\n`);
        longestMs = Math.max(longestMs, Math.min(...times));
      }
      return longestMs;
    };
    itMeasures(
      "return a full first page, with and without a filter",
      readFirstPages,
      "return a first page within milliseconds, with and without a filter",
      (atBestMs) => expect(atBestMs).to.be.lessThan(100),
    );

    let counts = 0;
    const countAll = async (): Promise<number> => {
      const script = bench.write(
        "count.mjs",
        `import { createAssetmill } from ${JSON.stringify(LIBRARY)};
         const mill = await createAssetmill({ assets: ${JSON.stringify(uri)}, store: ${JSON.stringify(`sqlite:${bench.path(`count-${++counts}.sqlite`)}`)} });
         let peak = 0;
         const look = () => (peak = Math.max(peak, process.memoryUsage().rss));
         setInterval(look, 20).unref();
         const count = async (path) => {
           const { processingId } = await mill.operator.start({ path, type: "ASSET_PROCESSING", dryRun: true }, "ann");
           for (;;) {
             const report = await mill.operator.status(processingId);
             if (report.completedAt > 0) return report.migrationSet.totalFiles;
             await new Promise((turn) => setTimeout(turn, 50));
           }
         };
         for (let i = 0; i < 10; i++) await count(${JSON.stringify(BIG)} + "/f" + String(i).padStart(3, "0"));
         look();
         const before = peak;
         const began = performance.now();
         const total = await count(${JSON.stringify(BIG)});
         look();
         console.log(JSON.stringify({ total, grownMb: (peak - before) / 2 ** 20, ms: performance.now() - began }));
         await mill.close();`,
      );
      const ended = await bench.node(script, { withinMs: 120_000 });
      expect(ended.code, ended.err).to.equal(0);
      const { total, grownMb, ms } = JSON.parse(ended.out);
      process.stderr.write(
        `      ${total} counted in ${(ms / 1000).toFixed(1)} s, RSS grew by ${grownMb.toFixed(0)} MB\n`,
      );
      expect(total).to.equal(1_000_000);
      return grownMb;
    };
    itMeasures(
      "count all of them",
      countAll,
      "count without reading the table into memory",
      // The rows themselves are some 200 MB, as objects several times as much; 10 MB are usual, more where collecting is late.
      (grownMb) => expect(grownMb).to.be.lessThan(150),
    );

    it("resume in the middle at once", async () => {
      const { DatabaseAssetRepository } = await import("../../../../src/adapters/assets/database/index.js");
      const repository = await DatabaseAssetRepository.open({ database, ownsDatabase: false });
      const scope = { roots: [BIG], excluded: [], filter: { fileTypes: [] } };
      const after = pathOfAsset(900_000);
      for await (const { assets } of repository.scan(scope, { pageSize: 2, after })) {
        expect([...assets].map(({ path }) => path)).to.deep.equal([pathOfAsset(900_001), pathOfAsset(900_002)]);
        break;
      }
    });
  });

  describe("on PostgreSQL with 100,000 assets", () => {
    let database: SqlDatabase;
    let uri: string;
    const schema = freshSchema();

    before(async () => {
      const { url, query } = await sharedPostgres();
      uri = `${url}?schema=${schema}`;
      database = await PostgresDatabase.open({ url, schema, ...SCHEMA });
      await fill(database, uri, 100_000);
      for (const table of TABLES) await query(`vacuum analyze "${schema}".assetmill_${table}`);
    });
    after(() => database.close());

    it("use an index in each statement of a job's life, of its reports and of the history", async () => {
      await expectIndexes(database, uri, postgresScans);
    });

    it("use the index for a further page even without table statistics, as right after an import", async () => {
      const fresh = await openPostgres();
      try {
        await fresh.database.write((tx) => tx.query("alter table {asset} set (autovacuum_enabled = false)"));
        await insertAssets(fresh.database, 50_000);
        const { keys } = fresh.database.dialect;
        const partOf = (range: KeyRange): KeyPart => ({ stem: Buffer.alloc(0), ...range });
        const { sql, parameters } = pageOf(partOf(keysBelow(BIG)), { fileTypes: [] }, 500, keys, true);
        const rows = await fresh.database.read(`explain ${sql}`, parameters);
        const plan = rows.map((row) => String(row["QUERY PLAN"])).join("\n");
        expect(plan).to.match(/Index Scan using \S*asset_by_key/);
        expect(plan).not.to.match(/Sort|Bitmap/);
        expect(await fresh.database.read(sql, parameters)).to.have.length(500);
        const last = pageOf(
          partOf({ ...keysBelow(BIG), to: pathKey(pathOfAsset(3)) }),
          { fileTypes: [] },
          500,
          keys,
          true,
        );
        const paths = (await fresh.database.read(last.sql, last.parameters)).map((row) => row.path);
        expect(paths, "what lies behind the range is left out").to.deep.equal([0, 1, 2].map(pathOfAsset));
      } finally {
        await fresh.close();
      }
    });

    it("are checked: a full scan is detected", async () => {
      expect(
        await postgresScans(database, {
          ...SCANNING,
          sql: SCANNING.sql.replace("?", "$1").replace('"', `"${schema}"."`),
        }),
      ).to.have.length(1);
    });
  });
});
