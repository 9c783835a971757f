import { chmod, copyFile, mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import {
  ReadOnlySqliteDatabase,
  type SqlDatabase,
  SqliteDatabase,
  type SqliteDriverName,
} from "../../../src/adapters/sql/index.js";
import { SCHEMA } from "../../../src/composition/databases.js";
import { AssetmillError } from "../../../src/core/errors.js";
import { asNobody } from "../../support/as-nobody.js";
import { rejection } from "../../support/deferred.js";
import { openDatabase } from "../../support/sqlite-store.js";
import { tempFolder } from "../../support/temp-folder.js";

describe("a SQLite file that this user may only read", () => {
  let folder: string;
  let remove: () => Promise<void>;
  let file: string;
  const opened: SqlDatabase[] = [];

  beforeEach(async () => {
    ({ folder, remove } = await tempFolder());
    await mkdir(join(folder, "stores"));
    file = join(folder, "stores", "store.sqlite");
    await chmod(folder, 0o755);
  });
  afterEach(async () => {
    await chmod(join(folder, "stores"), 0o755);
    await close();
    await remove();
  });

  const close = async (): Promise<void> => {
    for (const one of opened.splice(0)) await one.close();
  };
  /** Writes these values with the usual, writing connection, which stays open. */
  const write = async (...values: readonly string[]): Promise<void> => {
    const database = await openDatabase(file);
    opened.push(database);
    await database.write(async (tx) => {
      await tx.query("create table if not exists t (x)");
      for (const value of values) await tx.query("insert into t values (?)", [value]);
    });
  };
  const lock = async (): Promise<void> => {
    for (const name of await readdir(join(folder, "stores"))) await chmod(join(folder, "stores", name), 0o444);
    await chmod(join(folder, "stores"), 0o555);
  };
  const open = async (driver: SqliteDriverName = "sqlite3"): Promise<SqlDatabase> => {
    const database = await asNobody(() => ReadOnlySqliteDatabase.open({ file, driver, ...SCHEMA }));
    opened.push(database);
    return database;
  };
  const refusal = async (driver?: SqliteDriverName): Promise<string> => {
    const error = await rejection(open(driver));
    expect(AssetmillError.is(error) && error.code, String(error)).to.equal("INVALID_PARAMETER");
    return (error as Error).message;
  };
  const valuesOf = async (database: SqlDatabase) =>
    (await database.read("select x from t order by rowid")).map((r) => r.x);

  it("is read if it was closed properly, and nothing is created beside it", async () => {
    await write("a", "b");
    await close();
    await lock();
    const database = await open();
    expect(await valuesOf(database)).to.deep.equal(["a", "b"]);
    expect(await readdir(join(folder, "stores"))).to.deep.equal(["store.sqlite"]);
    expect(database.identity).to.equal(`sqlite:${file}`);
  });

  it("has the name that it has for who may write to it", async () => {
    await write();
    await lock();
    const [writer] = opened;
    expect((await open()).identity).to.equal(writer?.identity);
  });

  it("refuses a change in words", async () => {
    await write("a");
    await close();
    await lock();
    const database = await open();
    const error = await rejection(database.write((tx) => tx.query("insert into t values (1)")));
    expect(AssetmillError.is(error) && error.code).to.equal("INVALID_PARAMETER");
    expect((error as Error).message).to.include(`${file} is read-only`);
  });

  it("shows what a live writer has committed to the log", async () => {
    await write("a");
    await lock();
    expect(await valuesOf(await open())).to.deep.equal(["a"]);
  });

  it("is refused, naming the log, if that cannot be read; a stale answer would be wrong", async () => {
    await write("a");
    const copy = join(folder, "stores", "copy.sqlite");
    await copyFile(file, copy);
    await copyFile(`${file}-wal`, `${copy}-wal`);
    file = copy;
    await lock();
    expect(await refusal()).to.match(/copy\.sqlite-wal holds changes that are not in it/);
  });

  it("is refused without a word of a log if this user may not even read it", async () => {
    await write("a");
    await close();
    await chmod(file, 0o600);
    await chmod(join(folder, "stores"), 0o555);
    expect(await refusal()).to.equal(`store: this user may not read ${file}`);
  });

  it("is refused by better-sqlite3 in a folder without the right to write, with what to do", async () => {
    await write("a");
    await close();
    await lock();
    expect(await refusal("better-sqlite3")).to.match(/\?driver=sqlite3/);
  });

  it("is read by better-sqlite3 in a folder with the right to write", async () => {
    await write("a");
    await close();
    await chmod(file, 0o444);
    await chmod(join(folder, "stores"), 0o777);
    expect(await valuesOf(await open("better-sqlite3"))).to.deep.equal(["a"]);
  });

  it("is refused, with what to do, if an older version wrote it: its tables must not be changed", async () => {
    const older = await SqliteDatabase.open({ file, ...SCHEMA, migrations: SCHEMA.migrations.slice(0, -1) });
    await older.close();
    await lock();
    expect(await refusal()).to.equal(
      `store: ${file} is read-only, and was written by an older version: open it once where it may be changed`,
    );
  });

  it("is refused if it is missing, no database, or without our tables", async () => {
    expect(await refusal()).to.match(/there is no database at .*store\.sqlite/);
    await writeFile(file, "");
    expect(await refusal()).to.match(/store\.sqlite holds no tables of assetmill/);
    await writeFile(file, "not a database, and long enough to be looked at".repeat(50));
    expect(await refusal()).to.match(/not a SQLite database/);
  });
});
