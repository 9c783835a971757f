import { expect } from "chai";
import { AssetResults } from "../../../src/adapters/sql/asset-results.js";
import { nextResults, removeResults } from "../../../src/adapters/sql/gone-results.js";
import type { SqlDatabase } from "../../../src/adapters/sql/index.js";
import type { AssetWrite } from "../../../src/core/asset/asset-result.js";
import { scopeOf } from "../../../src/core/asset/scope.js";
import { openPostgres, openSqlite } from "../../support/database-assets.js";
import { until } from "../../support/manual-clock.js";
import { recordSql } from "../../support/recorded-sql.js";

const write = (path: string, more: Partial<AssetWrite> = {}): AssetWrite => ({
  path,
  properties: {},
  references: {},
  stamp: { sizeBytes: 1, modifiedMs: 2, contentHash: null, handlers: { h: "1" }, basis: { others: {} } },
  jobId: "job",
  ...more,
});

const by = (jobId: string, handlers: Readonly<Record<string, string>>): Partial<AssetWrite> => ({
  jobId,
  stamp: { ...write("").stamp, handlers },
});

const many = Array.from({ length: 500 }, (_, i) => `/a/${String(i).padStart(4, "0")}`);

const ENGINES = {
  "SQLite by sqlite3": () => openSqlite("sqlite3"),
  "SQLite by better-sqlite3": () => openSqlite("better-sqlite3"),
  PostgreSQL: openPostgres,
};

for (const [engine, open] of Object.entries(ENGINES)) {
  describe(`results in ${engine}`, () => {
    let database: SqlDatabase;
    let close: () => Promise<void>;
    let results: AssetResults;
    const put = (writes: readonly AssetWrite[]) => database.write((tx) => results.write(tx, writes));
    const count = async (table: string) => Number((await database.read(`select count(*) as n from {${table}}`))[0]?.n);

    beforeEach(async () => {
      ({ database, close } = await open());
      results = new AssetResults(database, "folder:/r");
    });
    afterEach(() => close());

    it("are found under the path that they were written for, whatever is in it and beside which others", async () => {
      const odd = [
        '/"q"',
        "/back\\slash",
        "/new\nline",
        "/é",
        "/😀",
        "/\uffee",
        "/{}",
        "/__proto__",
        "/%_",
        "/ ",
        "/a'b",
      ];
      const paths = [...odd, ...odd.map((path) => `${path}/${"x".repeat(600)}`), `/${"😀".repeat(450)}/a`];
      for (const jobId of ["first", "second"]) {
        // Stamps alone, then with values beside them.
        await put(paths.map((path) => write(path, { jobId })));
        expect((await results.read(paths)).map((one) => [one?.path, one?.jobId])).to.deep.equal(
          paths.map((path) => [path, jobId]),
        );
        await put(paths.map((path, i) => write(path, { jobId, ...(i % 2 ? { properties: { path } } : {}) })));
        const expected = paths.map((path, i) => (i % 2 ? { path } : {}));
        expect((await results.read(paths)).map((one) => one?.properties)).to.deep.equal(expected);
      }
      expect(await count("asset_result")).to.equal(paths.length);
    });

    it("have the job and the handlers of their own write, if one commit has those of several", async () => {
      const paths = many.slice(0, 30);
      const job = (i: number) => `job${i % 3}`;
      const handlers = (i: number): Readonly<Record<string, string>> => (i % 2 ? { h: "1" } : { h: "1", 'i"': "é" });
      await put(paths.map((path, i) => write(path, by(job(i), handlers(i)))));
      await put([write("/twice", by("one", { h: "1" })), write("/twice", by("two", { h: "2" }))]);
      const found = await results.read([...paths, "/twice"]);
      expect(found.map((one) => [one?.jobId, one?.stamp.handlers])).to.deep.equal([
        ...paths.map((_, i) => [job(i), handlers(i)]),
        ["two", { h: "2" }],
      ]);
      expect(await count("result_source")).to.equal(8);
    });

    it("keep their properties and references when a later job writes stamps alone", async () => {
      const references = { h: [{ kind: "topic", target: "/t", external: false, scope: "local" }] } as const;
      await put(many.map((path) => write(path, { properties: { a: 1 }, references })));
      await put(many.map((path) => write(path, by("later", { h: "2" }))));
      for (const one of await results.read(many)) {
        expect([one?.properties, one?.references.length, one?.jobId]).to.deep.equal([{ a: 1 }, 1, "later"]);
      }
    });

    it("are sent in statements of about a mebibyte, however many one commit has", async () => {
      const paths = Array.from({ length: 9_000 }, (_, i) => `/${"long-name-".repeat(20)}${String(i).padStart(6, "0")}`);
      const statements = await recordSql(() => put(paths.map((path) => write(path))));
      const sent = statements.flatMap(({ parameters }) => parameters.map((value) => String(value).length));
      expect(Math.max(...sent)).to.be.within(900_000, 1_100_000);
      expect(await count("asset_result")).to.equal(paths.length);
    });

    it("are listed below a root for removal, long paths too, but for those of one job; and removed unless written again", async () => {
      const long = `/d/${"x".repeat(700)}`;
      const paths = ["/d", "/d-e", "/d/a", `${long}/a`, `${long}/b`, `${long}-c`, "/d0", "/e"];
      await put(paths.map((path) => write(path)));
      await put([write("/d/mine", by("mine", { h: "1" }))]);
      const listed = async (root: string, limit = 2) => {
        const found: { readonly path: string; readonly atMs: number; readonly source: number }[] = [];
        for (let after: string | undefined, more = true; more;) {
          const asked = { limit, exceptJob: "mine", ...(after === undefined ? {} : { after }) };
          const page = await nextResults(database, "folder:/r", scopeOf([root], [], { fileTypes: [] }), asked);
          found.push(...page.results);
          after = page.next;
          more = after !== undefined;
        }
        return found;
      };
      const names = async (root: string) => (await listed(root)).map(({ path }) => path).sort();
      expect(await names("/d")).to.deep.equal(["/d", "/d/a", `${long}-c`, `${long}/a`, `${long}/b`].sort());
      expect(await names(long)).to.deep.equal([`${long}/a`, `${long}/b`]);
      expect(await names("/")).to.deep.equal([...paths].sort());
      const below = await listed(long);
      await put([write(`${long}/b`, by("again", { h: "1" }))]);
      expect(await database.write((tx) => removeResults(tx, "folder:/r", below))).to.equal(1);
      expect(await names(long)).to.deep.equal([`${long}/b`]);
      expect(await names("/")).to.have.length(paths.length - 1);
    });

    it("take no room for jobs that have no result any more", async () => {
      await put([write("/stays", by("stays", { h: "1" }))]);
      for (let from = 0; from < 1_100; from += 100) {
        const jobs = Array.from({ length: 100 }, (_, i) => write("/a", by(`job ${from + i}`, { h: "1" })));
        await put(jobs);
      }
      expect(await count("result_source")).to.be.within(2, 300);
      const found = await results.read(["/stays", "/a"]);
      expect(found.map((one) => one?.jobId)).to.deep.equal(["stays", "job 1099"]);
      // Nor those that are about to have one: more than a removal at once, and one that had none for a while.
      await put([write("/stays", by("other", { h: "1" }))]);
      const jobs = Array.from({ length: 1_200 }, (_, i) => `new job ${i}`);
      await put([write("/b", by("stays", { h: "1" })), ...jobs.map((job, i) => write(`/c/${i}`, by(job, { h: "1" })))]);
      const after = await results.read(["/b", ...jobs.map((_, i) => `/c/${i}`)]);
      expect(after.map((one) => one?.jobId)).to.deep.equal(["stays", ...jobs]);
    });
  });
}

describe("results in SQLite, which has no statistics", () => {
  let database: SqlDatabase;
  let close: () => Promise<void>;
  let results: AssetResults;

  before(async () => {
    ({ database, close } = await openSqlite());
    results = new AssetResults(database, "folder:/r");
  });
  after(() => close());

  it("are each looked up by path, not found by reading all of the repository, for a commit and for a look-up", async () => {
    const statements = await recordSql(async () => {
      await database.write((tx) =>
        results.write(
          tx,
          many.map((path) => write(path, { properties: { a: 1 } })),
        ),
      );
      expect((await results.read(many)).every((one) => one?.properties.a === 1)).to.equal(true);
    });
    const plans: string[] = [];
    for (const { sql, parameters } of statements.filter((one) => /^\s*select.*_result" r\b/s.test(one.sql))) {
      const plan = await database.read(`explain query plan ${sql}`, parameters);
      plans.push(...plan.map(({ detail }) => String(detail)).filter((detail) => /\br\b/.test(detail)));
    }
    expect(plans).to.have.length(2);
    for (const plan of plans) expect(plan).to.match(/^SEARCH r USING .*\(repository_id=\? AND \w+=\?\)$/);
  });
});

describe("results that two transactions write on PostgreSQL at the same time", () => {
  let database: SqlDatabase;
  let close: () => Promise<void>;
  let results: AssetResults;

  beforeEach(async () => {
    ({ database, close } = await openPostgres());
    results = new AssetResults(database, "folder:/r");
  });
  afterEach(() => close());

  it("are both stored, even if neither saw anything about these assets when it began", async () => {
    const writes = (jobId: string) => many.map((path) => write(path, { jobId, properties: { [jobId]: true } }));
    await database.write((tx) => results.write(tx, [write("/before")]));
    let tries = 0;
    let second: Promise<void> | undefined;
    await database.write(async (tx) => {
      await results.write(tx, writes("one"));
      second = database.write((other) => {
        tries++;
        return results.write(other, writes("two"));
      });
      await until("the second waits for the first", async () => {
        const waiting = `select 1 from pg_stat_activity where wait_event_type = 'Lock' and query like '%insert into%asset_result%'`;
        return (await database.read(waiting)).length > 0;
      });
    });
    await second;
    expect(tries, "the second met the first's rows, and was repeated").to.equal(2);
    for (const one of await results.read(many)) expect(one?.properties).to.deep.equal({ one: true, two: true });
  });

  it("keep the source of what is not committed yet from being removed", async () => {
    await database.write((tx) => results.write(tx, [write("/old", by("slow", { h: "1" }))]));
    await database.write((tx) => results.write(tx, [write("/old", by("other", { h: "1" }))]));
    await database.write(async (tx) => {
      await results.write(tx, [write("/new", by("slow", { h: "1" }))]);
      for (let from = 0; from < 1_100; from += 100) {
        const jobs = Array.from({ length: 100 }, (_, i) => write("/a", by(`job ${from + i}`, { h: "1" })));
        await database.write((other) => results.write(other, jobs));
      }
    });
    const [one] = await results.read(["/new"]);
    expect(one?.jobId).to.equal("slow");
    expect(Number((await database.read("select count(*) as n from {result_source}"))[0]?.n)).to.be.below(300);
  });
});
