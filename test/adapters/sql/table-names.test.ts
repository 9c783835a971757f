import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { PostgresDatabase, SQLITE_DRIVERS, SqliteDatabase, SqlText } from "../../../src/adapters/sql/index.js";
import { SCHEMA } from "../../../src/composition/databases.js";
import { AssetmillError } from "../../../src/core/errors.js";
import { freshSchema, sharedPostgres } from "../../support/postgres-server.js";
import { tempFolder } from "../../support/temp-folder.js";

const LONGEST = "p".repeat(40);

describe("a prefix or schema of table names", () => {
  const refusal = (place: { readonly prefix?: string; readonly schema?: string }): string => {
    try {
      return `accepted as ${new SqlText(place, true).table("job")}`;
    } catch (error) {
      return AssetmillError.is(error) ? `${error.code} ${error.ids.field} ${error.message}` : String(error);
    }
  };

  for (const field of ["prefix", "schema"] as const) {
    for (const value of ["", "1x", "a-b", "a b", 'a"b', "a'b", "ä_", "a;", "a\n", "x\0", `${LONGEST}p`]) {
      it(`is refused as ${field}, in words, if it is ${JSON.stringify(value)}`, () => {
        expect(refusal({ [field]: value })).to.match(
          new RegExp(`^INVALID_PARAMETER ${field} ${field}: must be at most 40 letters, digits and _`),
        );
      });
    }
    for (const value of ["A_", "_", "assetmill_", "sqlitex_", "pgx_", "my_pg_", "select", LONGEST]) {
      it(`is accepted as ${field} if it is ${value}`, () => {
        expect(refusal({ [field]: value })).to.match(/^accepted as /);
      });
    }
  }

  for (const value of ["sqlite_", "SQLite_x_", "pg_", "PG_jobs_"]) {
    it(`is refused as prefix, in words, if it is ${value}, which a database reserves`, () => {
      expect(refusal({ prefix: value })).to.equal(
        `INVALID_PARAMETER prefix prefix: must not begin with "sqlite_" or "pg_", which the database reserves for itself; got "${value}"`,
      );
    });
  }

  for (const value of ["pg_x", "PG_TOAST", "information_schema", "Information_Schema"]) {
    it(`is refused as schema, in words, if it is ${value}, which PostgreSQL reserves`, () => {
      expect(refusal({ schema: value })).to.equal(
        `INVALID_PARAMETER schema schema: must not begin with "pg_" or be "information_schema", which the database reserves for itself; got "${value}"`,
      );
    });
  }

  for (const driver of SQLITE_DRIVERS) {
    it(`is refused before ${driver} creates anything, and has room for the longest name of a table or index`, async () => {
      const { folder, remove } = await tempFolder();
      try {
        const open = (prefix: string) =>
          SqliteDatabase.open({ file: join(folder, "new", "store.sqlite"), driver, prefix, ...SCHEMA });
        const error = await open("sqlite_").catch((refused: unknown) => refused);
        expect(AssetmillError.is(error) && error.ids.field, String(error)).to.equal("prefix");
        expect(await readdir(folder)).to.deep.equal([]);
        await (await open(LONGEST)).close();
      } finally {
        await remove();
      }
    });
  }

  it("has room on PostgreSQL for the longest name of a table or index, none of which is cut", async () => {
    const { url, query } = await sharedPostgres();
    const schema = freshSchema();
    const names = async (prefix: string): Promise<string[]> => {
      const database = await PostgresDatabase.open({ url, schema, prefix, poolSize: 2, ...SCHEMA });
      try {
        const rows = await database.read(
          "select relname as name from pg_class c join pg_namespace n on n.oid = relnamespace where nspname = ? and relname like ?",
          [schema, `${prefix}%`],
        );
        return rows.map(({ name }) => String(name).slice(prefix.length)).sort();
      } finally {
        await database.close();
      }
    };
    try {
      // What PostgreSQL itself makes up for a key or a constraint may be shortened: no statement of ours names it.
      const ours = (all: readonly string[]): string[] => all.filter((name) => !/_(?:pkey|seq|key)$/.test(name));
      const short = ours(await names("a"));
      expect(short).to.include("asset_by_key_after_8192");
      expect(ours(await names(LONGEST))).to.deep.equal(short);
    } finally {
      await query(`drop schema if exists "${schema}" cascade`);
    }
  });
});
