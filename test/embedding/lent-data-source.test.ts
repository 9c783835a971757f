import { expect } from "chai";
import { DataSource, EntitySchema } from "typeorm";
import * as typeorm1 from "typeorm-1";
import { AssetmillError, assetmillEntities, type DatabaseLoan } from "../../src/index.js";
import { TOPIC } from "../cli/workbench.js";
import { freshSchema, type PostgresServer, sharedPostgres } from "../support/postgres-server.js";
import { Host, logOf, outcomesOf, processed } from "./host.js";

/** A table of the host's own. */
const CUSTOMER = { name: "customer", columns: { id: { type: "integer", primary: true } } } as const;

interface Place {
  readonly schema?: string;
  readonly prefix?: string;
}

/** Both as the host would write it, with its own TypeORM. */
const MAKERS: Readonly<Record<string, (url: string, place?: Place, more?: object) => Promise<DataSource>>> = {
  "TypeORM 0.3": (url, place, more) =>
    new DataSource({
      type: "postgres",
      url,
      entities: [new EntitySchema(CUSTOMER), ...assetmillEntities(place)],
      ...more,
    }).initialize(),
  "TypeORM 1.1": (url, place, more) =>
    new typeorm1.DataSource({
      type: "postgres",
      url,
      entities: [new typeorm1.EntitySchema(CUSTOMER), ...assetmillEntities(place)] as never,
      ...more,
    }).initialize() as Promise<unknown> as Promise<DataSource>,
};

describe("a DataSource that the host lends", () => {
  let server: PostgresServer;
  let host: Host;
  let sources: DataSource[];

  before(async () => {
    server = await sharedPostgres();
  });
  beforeEach(() => {
    host = new Host();
    sources = [];
  });
  afterEach(async () => {
    await host.dispose();
    for (const source of sources) if (source.isInitialized) await source.destroy();
  });

  async function made(maker: string, place?: Place, more?: object): Promise<DataSource> {
    const source = await MAKERS[maker]?.(server.url, place, more);
    if (!source) throw new Error(maker);
    sources.push(source);
    return source;
  }

  const tables = async (schema: string): Promise<readonly string[]> =>
    (
      await server.query(
        "select table_name as name from information_schema.tables where table_schema = $1 order by 1",
        [schema],
      )
    ).map(({ name }) => String(name));

  const imported = async (uri: string): Promise<void> => {
    host.bench.tree({ "a.dita": TOPIC, "b/c.dita": TOPIC, "b/d.txt": "D" });
    const ended = await host.bench.call(["import", host.bench.path("tree"), "/content/dam/t", "--assets", uri]);
    expect(ended.code, ended.err).to.equal(0);
  };

  async function refused(options: Parameters<Host["mill"]>[0]): Promise<AssetmillError> {
    const error = await host.mill(options).catch((caught: unknown) => caught);
    if (!AssetmillError.is(error)) throw new Error(`not refused as it should be: ${String(error)}`);
    expect(error.code).to.equal("INVALID_PARAMETER");
    return error;
  }

  for (const maker of Object.keys(MAKERS)) {
    describe(`of ${maker}`, () => {
      it("serves as the store, in the host's schema and with its prefix, and stays open when the mill closes", async () => {
        const place = { schema: freshSchema(), prefix: "mill_" };
        const dataSource = await made(maker, place);
        const assets = host.bench.tree({ "a.dita": TOPIC, "b/c.dita": TOPIC, "d.txt": "D" });
        const mill = await host.mill({ assets, store: { dataSource, ...place } });
        const report = await processed(mill);
        expect(report).to.include({ status: "SUCCESS", succeededCount: 2, skippedCount: 1 });
        expect(Object.keys(await outcomesOf(mill, report.processingId)).sort()).to.deep.equal([
          "a.dita",
          "c.dita",
          "d.txt",
        ]);
        expect((await logOf(mill, report.processingId)).at(-1)).to.match(/Ended SUCCESS/);
        expect((await mill.operator.history({ limit: 10 })).jobs).to.have.length(1);
        expect((await tables(place.schema)).filter((name) => !name.startsWith("mill_"))).to.deep.equal([]);
        await mill.close();
        expect(dataSource.isInitialized).to.equal(true);
        expect(await dataSource.query("select 1 as one")).to.deep.equal([{ one: 1 }]);
        // What a mill on the same place finds later.
        const next = await host.mill({ assets, store: `${server.url}?schema=${place.schema}&prefix=mill_` });
        expect(await next.operator.status(report.processingId)).to.deep.equal(report);
      });

      it("serves as the assets, and by default as the store: results and outcomes commit together", async () => {
        const place = { schema: freshSchema() };
        await imported(`${server.url}?schema=${place.schema}`);
        const dataSource = await made(maker, place);
        const loan: DatabaseLoan = { dataSource, ...place };
        const mill = await host.mill({ assets: loan, store: loan });
        expect(await processed(mill)).to.include({ status: "SUCCESS", succeededCount: 2, skippedCount: 1 });
        const result = await mill.operator.results("/content/dam/t/b/c.dita");
        expect(result?.properties).to.include({ fmditaTitle: "T" });
        // The transaction that stored a result is the one that stored its outcome.
        const [row] = await server.query(`
          select count(*)::int as n from "${place.schema}".assetmill_asset_result r
          where r.xmin in (select xmin from "${place.schema}".assetmill_outcome_part)`);
        expect(row.n).to.equal(2);
      });

      it("is rejected without our entities, with what to add", async () => {
        const schema = freshSchema();
        const dataSource = await made(maker, { schema }, { entities: [] });
        const assets = host.bench.tree({ "a.dita": TOPIC });
        const error = await refused({ assets, store: { dataSource, schema } });
        expect(error.message).to.match(/lacks the entity .*assetmillEntities\(\{ schema, prefix \}\)/);
        expect(await tables(schema), "tables made before it was refused").to.deep.equal([]);
      });

      it("is rejected if our entities are in another place than the loan names, naming both", async () => {
        const schema = freshSchema();
        const dataSource = await made(maker, { schema });
        const assets = host.bench.tree({ "a.dita": TOPIC });
        const error = await refused({ assets, store: { dataSource, schema, prefix: "other_" } });
        expect(error.message).to.include(`to ${schema}.assetmill_job instead of ${schema}.other_job`);
      });

      it("is rejected if it is not initialised", async () => {
        const dataSource = await made(maker);
        await dataSource.destroy();
        const error = await refused({ assets: host.bench.tree({ "a.dita": TOPIC }), store: { dataSource } });
        expect(error.message).to.include("not initialised");
      });

      it("creates and keeps the host's tables with synchronize: true, and does not touch ours", async () => {
        const place = { schema: freshSchema() };
        await server.query(`create schema "${place.schema}"`);
        const more = { synchronize: true, schema: place.schema };
        const first = await made(maker, place, more);
        expect(await tables(place.schema)).to.deep.equal(["customer"]);
        const assets = host.bench.tree({ "a.dita": TOPIC });
        const mill = await host.mill({ assets, store: { dataSource: first, ...place } });
        const report = await processed(mill);
        const columns = () =>
          server.query(
            "select table_name, column_name, data_type from information_schema.columns where table_schema = $1 order by 1, 2",
            [place.schema],
          );
        const indexes = () =>
          server.query("select indexname from pg_indexes where schemaname = $1 order by 1", [place.schema]);
        const before = [await columns(), await indexes()];
        const second = await made(maker, place, more);
        expect([await columns(), await indexes()]).to.deep.equal(before);
        const next = await host.mill({ assets, store: { dataSource: second, ...place } });
        expect(await next.operator.status(report.processingId)).to.deep.equal(report);
      });
    });
  }

  it("is rejected if it is of SQLite, saying to name the file instead", async () => {
    const dataSource = await new DataSource({
      type: "better-sqlite3",
      database: host.bench.path("host.sqlite"),
      entities: assetmillEntities(),
    }).initialize();
    sources.push(dataSource);
    const assets = host.bench.tree({ "a.dita": TOPIC });
    const error = await refused({ assets, store: { dataSource } });
    expect(error.message).to.include("only PostgreSQL can be shared (for SQLite, give the file's name)");
  });

  it("keeps the jobs and assets of two mills with their own prefixes in one schema apart", async () => {
    const schema = freshSchema();
    const [one, two] = [
      { schema, prefix: "one_" },
      { schema, prefix: "two_" },
    ];
    await imported(`${server.url}?schema=${schema}&prefix=one_`);
    const dataSource = await MAKERS["TypeORM 0.3"]?.(server.url, one);
    const other = await MAKERS["TypeORM 0.3"]?.(server.url, two);
    if (!dataSource || !other) throw new Error("no DataSource");
    sources.push(dataSource, other);
    const first = await host.mill({ assets: { dataSource, ...one }, store: { dataSource, ...one } });
    const second = await host.mill({
      assets: { dataSource: other, ...two },
      store: { dataSource: other, ...two },
    });
    first.start();
    second.start();
    const report = await processed(first);
    expect(report).to.include({ status: "SUCCESS", succeededCount: 2 });
    const empty = await processed(second);
    expect(empty).to.include({ status: "SUCCESS", processedCount: 0 });
    const missing = await second.operator.status(report.processingId).catch((caught: unknown) => caught);
    expect(AssetmillError.is(missing) && missing.code).to.equal("JOB_NOT_FOUND");
    const names = await tables(schema);
    expect(names.filter((name) => name.startsWith("one_")).map((name) => name.slice(4))).to.deep.equal(
      names.filter((name) => name.startsWith("two_")).map((name) => name.slice(4)),
    );
  });

  it("is rejected by name with a schema or prefix that is no plain name", async () => {
    for (const [field, value] of [
      ["prefix", 'x"; drop table y; --'],
      ["prefix", "1st_"],
      ["schema", "a.b"],
      ["schema", "a b"],
      ["schema", "x".repeat(41)],
    ] as const) {
      const store = `${server.url}?${field}=${encodeURIComponent(value)}`;
      const error = await refused({ assets: host.bench.tree({ "a.dita": TOPIC }), store });
      expect(error.ids.field, `${field} ${value}`).to.equal(field);
      expect(() => assetmillEntities({ [field]: value })).to.throw(/at most 40 letters, digits and _/);
    }
  });
});
