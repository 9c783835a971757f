import { expect } from "chai";
import { setTimeout as sleep } from "node:timers/promises";
import { PostgresDatabase } from "../../../src/adapters/sql/index.js";
import type { SqlDatabase, SqlTransaction } from "../../../src/adapters/sql/sql-database.js";
import { AssetmillError } from "../../../src/core/errors.js";
import { SCHEMA } from "../../../src/composition/databases.js";
import { freshSchema, sharedPostgres } from "../../support/postgres-server.js";

describe("PostgresDatabase", () => {
  let database: SqlDatabase;
  let end: () => Promise<void>;

  before(async () => {
    const { url, query } = await sharedPostgres();
    const schema = freshSchema();
    // One connection: whoever comes next gets the one before, or a new one where that broke.
    database = await PostgresDatabase.open({ url, schema, poolSize: 1, ...SCHEMA });
    end = async () => {
      await database.close();
      await query(`drop schema "${schema}" cascade`);
    };
  });
  after(() => end());

  const insert = (tx: SqlTransaction, identity: string) =>
    tx.query("insert into {repository} (identity) values (?)", [identity]);

  async function stored(identity: string): Promise<number> {
    return (await database.read("select 1 from {repository} where identity = ?", [identity])).length;
  }

  /** Ends the transaction's connection from outside, as a restart of the server does. */
  async function terminate(tx: SqlTransaction): Promise<void> {
    const [row] = await tx.query("select pg_backend_pid() as pid");
    await (await sharedPostgres()).query("select pg_terminate_backend($1, 5000)", [row?.pid]);
  }

  const codeOf = (work: Promise<unknown>): Promise<unknown> =>
    work.then(
      () => "stored",
      (error: unknown) => (AssetmillError.is(error) ? error.code : error),
    );

  for (const [when, pauseMs] of [
    ["just before a statement", 0],
    ["between two statements", 200],
  ] as const) {
    it(`is UNAVAILABLE if a connection breaks ${when}; it stores nothing, and the next connection works`, async () => {
      const identity = `broken ${when}`;
      const work = database.write(async (tx) => {
        await insert(tx, identity);
        await terminate(tx);
        await sleep(pauseMs);
        await insert(tx, `${identity}, again`);
      });
      expect(await codeOf(work)).to.equal("UNAVAILABLE");
      expect(await stored(identity)).to.equal(0);
      await database.write((tx) => insert(tx, identity));
      expect(await stored(identity)).to.equal(1);
    });
  }

  it("is UNAVAILABLE and stores nothing if a connection breaks before the commit", async () => {
    const work = database.write(async (tx) => {
      await insert(tx, "uncommitted");
      await terminate(tx);
      await sleep(200);
    });
    expect(await codeOf(work)).to.equal("UNAVAILABLE");
    expect(await stored("uncommitted")).to.equal(0);
  });

  it("is UNAVAILABLE if work fails while its connection breaks: it may be retried", async () => {
    const work = database.write(async (tx) => {
      await terminate(tx);
      await sleep(200);
      throw new Error("something else");
    });
    expect(await codeOf(work)).to.equal("UNAVAILABLE");
    expect(await stored("anything")).to.equal(0);
  });

  it("rethrows an error of the work itself unchanged, and rolls back", async () => {
    const work = database.write(async (tx) => {
      await insert(tx, "rolled back");
      throw new Error("no");
    });
    expect(String(await codeOf(work))).to.equal("Error: no");
    expect(await stored("rolled back")).to.equal(0);
  });

  describe("on opening", () => {
    const refusal = async (url: string, more: object = {}): Promise<AssetmillError> => {
      try {
        await (await PostgresDatabase.open({ url, ...more, ...SCHEMA })).close();
      } catch (error) {
        if (AssetmillError.is(error)) return error;
        throw error;
      }
      throw new Error("was not refused");
    };

    it("names and waits for a host that is missing", async () => {
      const error = await refusal("postgres://ann:secret@no-such-host.invalid:5433/d");
      expect(error.code).to.equal("UNAVAILABLE");
      expect(error.message).to.match(/^postgres:\/\/no-such-host\.invalid:5433\/d is unavailable: /);
      expect(error.message).not.to.include("secret");
    });

    it("rejects in words a missing database, an invalid schema, and TLS that is not offered", async () => {
      const { url } = await sharedPostgres();
      for (const [at, more, says] of [
        [url.replace(/postgres$/, "nothing"), {}, /database "nothing" does not exist/],
        [url, { schema: "pg_foo" }, /must not begin with "pg_"/],
        [`${url}?sslmode=require`, {}, /SSL/],
      ] as const) {
        const error = await refusal(at, more);
        const field = "schema" in more ? "schema" : "database";
        expect([error.code, error.ids.field]).to.deep.equal(["INVALID_PARAMETER", field]);
        expect(error.message).to.match(says);
      }
    });

    it("is UNAVAILABLE for a read-only database, and says so in words", async () => {
      const { url } = await sharedPostgres();
      const error = await refusal(`${url}?options=${encodeURIComponent("-c default_transaction_read_only=on")}`, {
        schema: freshSchema(),
      });
      expect(error.code).to.equal("UNAVAILABLE");
      expect(error.message).to.include("it is read-only (25006)");
    });

    it("rejects a database without our tables if it has to exist, and creates nothing in it", async () => {
      const { url, query } = await sharedPostgres();
      const schema = freshSchema();
      expect((await refusal(url, { schema, existing: true })).message).to.match(/no store found in postgres:/);
      expect(await query("select 1 from information_schema.schemata where schema_name = $1", [schema])).to.deep.equal(
        [],
      );
    });
  });
});
