import { expect } from "chai";
import { ListedRequests1796083200061 } from "../../../src/adapters/store/index.js";
import { LISTED_PATHS } from "../../../src/core/job/listed-job.js";
import { openPostgresStores } from "../../support/postgres-store.js";
import { openStores, type Stores } from "../../support/sqlite-store.js";
import { draftOf } from "../../support/store-steps.js";

const OPENERS: Readonly<Record<string, () => Promise<Stores & { close(): Promise<void> }>>> = {
  "SQLite by sqlite3": () => openStores(),
  "SQLite by better-sqlite3": () => openStores("better-sqlite3"),
  PostgreSQL: openPostgresStores,
};

const MANY = Array.from({ length: 5_000 }, (_, i) => `/root/${i}`);

for (const [name, open] of Object.entries(OPENERS)) {
  describe(`a list of jobs of an earlier version on ${name}`, () => {
    let stores: Awaited<ReturnType<typeof open>>;
    before(async () => {
      stores = await open();
    });
    after(() => stores.close());

    it("shows them as those of this version, damaged ones included, before and after their requests are cut", async () => {
      const { database, jobs } = stores;
      const create = async (excludedPaths: readonly string[]): Promise<string> =>
        (await jobs.create(draftOf({}, { dryRun: true, excludedPaths }), async () => {})).id;
      const large = await create(MANY);
      const small = await create(["/root/a"]);
      const damaged = await create(MANY);
      await database.write((tx) =>
        tx.query("update {job} set request = ?, listed = null where id = ?", ["{".repeat(30_000), damaged]),
      );
      const list = async () => (await jobs.list({ limit: 9 })).jobs;
      const expected = await list();
      expect(expected.map(({ id }) => id)).to.deep.equal([damaged, small, large]);
      expect(
        expected.map(({ request, damaged: isDamaged }) => [request.excludedPaths?.count, isDamaged]),
      ).to.deep.equal([
        [undefined, true],
        [1, undefined],
        [MANY.length, undefined],
      ]);
      expect(expected[2]?.request.excludedPaths?.first).to.deep.equal(MANY.slice(0, LISTED_PATHS));

      await database.write((tx) => tx.query("update {job} set listed = null"));
      expect(await list()).to.deep.equal(expected);

      await database.write(async (tx) => {
        await tx.query("alter table {job} drop column listed");
        await new ListedRequests1796083200061().up({ dialect: tx.dialect, query: (...asked) => tx.query(...asked) });
      });
      expect(await list()).to.deep.equal(expected);
      const rows = await database.read("select id from {job} where listed is not null");
      expect(rows.map(({ id }) => id)).to.deep.equal([large]);
    });
  });
}
