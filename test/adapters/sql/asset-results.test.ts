import { expect } from "chai";
import { AssetResults } from "../../../src/adapters/sql/asset-results.js";
import type { SqlDatabase } from "../../../src/adapters/sql/index.js";
import type { AssetWrite } from "../../../src/core/asset/asset-result.js";
import { openSqlite } from "../../support/database-assets.js";
import { recordSql } from "../../support/recorded-sql.js";

const write = (path: string, more: Partial<AssetWrite> = {}): AssetWrite => ({
  path,
  properties: {},
  references: {},
  stamp: { sizeBytes: 1, modifiedMs: 2, contentHash: null, handlers: { h: "1" }, basis: { others: {} } },
  jobId: "job",
  ...more,
});

const many = Array.from({ length: 500 }, (_, i) => `/a/${String(i).padStart(4, "0")}`);

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
