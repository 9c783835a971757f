import { expect } from "chai";
import { AssetResults } from "../../../src/adapters/sql/asset-results.js";
import { type Migration, PostgresDatabase, SqliteDatabase } from "../../../src/adapters/sql/index.js";
import { SCHEMA } from "../../../src/composition/databases.js";
import { rejection } from "../../support/deferred.js";
import { freshSchema, sharedPostgres } from "../../support/postgres-server.js";
import { tempFolder } from "../../support/temp-folder.js";

const OLD = SCHEMA.migrations.filter(({ name }) => !name.startsWith("ResultRows"));
/** A process that ends in the middle of a migration leaves what a failed one leaves. */
const FAILS: Migration = { name: "Fails9999999999999", up: () => Promise.reject(new Error("killed")) };

const openers = {
  SQLite: async (migrations: readonly Migration[], place: string) =>
    SqliteDatabase.open({ file: `${place}/old.sqlite`, entities: SCHEMA.entities, migrations }),
  PostgreSQL: async (migrations: readonly Migration[], _place: string, schema: string) => {
    const { url } = await sharedPostgres();
    return PostgresDatabase.open({ url, schema, poolSize: 2, entities: SCHEMA.entities, migrations });
  },
};

const REFERENCE = { kind: "topic", target: "/t", external: false, scope: "local" } as const;
const LONG = `/${"é".repeat(700)}`;
const ROWS = [
  { p: '/a"\\b', h: null, n: '{"h":"1","":{}}', j: "one", v: null, r: null },
  { p: "/before there was a basis", h: 'sha256:"x"', n: '{"h":"1","i":"é"}', j: "one", v: '{"a":1.50}', r: null },
  {
    p: "/c",
    h: "sha256:c",
    n: '{"h":"2","":{"c":7,"p":1,"o":{"/t":true,"/u":"sha256:u"}}}',
    j: "two",
    v: null,
    r: "{}",
  },
  { p: LONG, h: null, n: "{}", j: "two", v: '{"long":true}', r: JSON.stringify({ h: [REFERENCE] }) },
] as const;

const AFTER = [
  {
    path: '/a"\\b',
    properties: {},
    references: [],
    stamp: {
      sizeBytes: 5_000_000_000,
      modifiedMs: 1_700_000_000_000,
      contentHash: null,
      handlers: { h: "1" },
      basis: { others: {} },
    },
    jobId: "one",
    at: 1_600_000_000_000,
  },
  {
    path: "/before there was a basis",
    properties: { a: 1.5 },
    references: [],
    stamp: {
      sizeBytes: 5_000_000_000,
      modifiedMs: 1_700_000_000_001,
      contentHash: 'sha256:"x"',
      handlers: { h: "1", i: "é" },
    },
    jobId: "one",
    at: 1_600_000_000_001,
  },
  {
    path: "/c",
    properties: {},
    references: [],
    stamp: {
      sizeBytes: 5_000_000_000,
      modifiedMs: 1_700_000_000_002,
      contentHash: "sha256:c",
      handlers: { h: "2" },
      basis: { changedMs: 7, partial: true, others: { "/t": true, "/u": "sha256:u" } },
    },
    jobId: "two",
    at: 1_600_000_000_002,
  },
  {
    path: LONG,
    properties: { long: true },
    references: [{ ...REFERENCE, handler: "h" }],
    stamp: { sizeBytes: 5_000_000_000, modifiedMs: 1_700_000_000_003, contentHash: null, handlers: {} },
    jobId: "two",
    at: 1_600_000_000_003,
  },
];

for (const [engine, open] of Object.entries(openers)) {
  describe(`a database on ${engine} from before results had small rows`, () => {
    it("keeps all results as they were, of both its repositories, even if the first migration did not end", async () => {
      const { folder, remove } = await tempFolder();
      const schema = freshSchema();
      const old = await open(OLD, folder, schema);
      await old.write(async (tx) => {
        for (const identity of ["folder:/r", "folder:/s"])
          await tx.query("insert into {repository} (identity) values (?)", [identity]);
        const rows = ROWS.map((row, i) => ({ ...row, i }));
        await tx.query(
          `insert into {folder_result}
             (repository_id, path, properties, refs, size_bytes, modified_ms, content_hash, handlers, job_id, at_ms)
           select id, p, v, r, 5000000000, 1700000000000 + i, h, n, j, 1600000000000 + i
           from {repository}, ${tx.dialect.rows({ p: "text", v: "text", r: "text", h: "text", n: "text", j: "text", i: "integer" })} as w
           where true`,
          [JSON.stringify(rows)],
        );
      });
      await old.close();

      expect(String(await rejection(open([...SCHEMA.migrations, FAILS], folder, schema)))).to.include("killed");
      const unchanged = await open(OLD, folder, schema);
      expect(await unchanged.read("select path from {folder_result}")).to.have.length(2 * ROWS.length);
      await unchanged.close();

      const database = await open(SCHEMA.migrations, folder, schema);
      try {
        const paths = ROWS.map(({ p }) => p);
        for (const identity of ["folder:/r", "folder:/s"]) {
          const results = new AssetResults(database, identity);
          expect(await results.read(paths)).to.deep.equal(AFTER);
        }
        const results = new AssetResults(database, "folder:/r");
        const stamp = { sizeBytes: 1, modifiedMs: 2, contentHash: null, handlers: { h: "3" }, basis: { others: {} } };
        const writes = paths.map((path) => ({ path, properties: {}, references: {}, stamp, jobId: "two" }));
        await database.write((tx) => results.write(tx, writes));
        const found = await results.read(paths);
        expect(found.map((one) => one?.properties)).to.deep.equal(AFTER.map(({ properties }) => properties));
        for (const one of found) expect(one).to.deep.include({ stamp, jobId: "two" });
        expect(String(await rejection(database.read("select 1 from {folder_result}")))).to.match(/folder_result/);
      } finally {
        await database.close();
        if (engine === "PostgreSQL") await (await sharedPostgres()).query(`drop schema "${schema}" cascade`);
        await remove();
      }
    });
  });
}
