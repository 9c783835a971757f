import { execFile } from "node:child_process";
import { chmod, mkdir, readdir, readFile, rename, symlink, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect } from "chai";
import { resolveFile, type SqlDatabase, type SqlTransaction } from "../../../src/adapters/sql/index.js";
import { AssetmillError } from "../../../src/core/errors.js";
import { asNobody } from "../../support/as-nobody.js";
import { deferred, rejection } from "../../support/deferred.js";
import { dump, MIGRATIONS, openDatabase } from "../../support/sqlite-store.js";
import { tempFolder } from "../../support/temp-folder.js";

describe("a SQLite database", function () {
  let folder: string;
  let remove: () => Promise<void>;
  let file: string;
  let database: SqlDatabase;
  const opened: Pick<SqlDatabase, "close">[] = [];
  const open = async (): Promise<SqlDatabase> => {
    const one = await openDatabase(file);
    opened.push(one);
    return one;
  };
  beforeEach(async () => {
    ({ folder, remove } = await tempFolder());
    file = join(folder, "store.sqlite");
    database = await open();
    await database.write((tx) => tx.query("create table t (x)"));
  });
  afterEach(async () => {
    for (const one of opened.splice(0)) await one.close();
    await remove();
  });

  /** Statements on somebody else's connection: our own, in one process, wait for each other in turn. */
  const otherConnection = async (): Promise<(sql: string) => Promise<void>> => {
    const { default: sqlite3 } = await import("sqlite3");
    const other = new sqlite3.Database(file);
    opened.push({ close: () => new Promise<void>((over) => other.close(() => over())) });
    return (sql) => new Promise((over, failed) => other.run(sql, (error) => (error ? failed(error) : over())));
  };

  const insert = (tx: SqlTransaction, x: unknown): Promise<unknown> => tx.query("insert into t values (?)", [x]);
  const values = async (on = database): Promise<unknown[]> =>
    (await on.read("select x from t order by rowid")).map(({ x }) => x);

  describe("a transaction", () => {
    it("is durable: the journal is WAL, and each commit is synced", async () => {
      const pragmas = await database.write(async (tx) => [
        await tx.query("pragma journal_mode"),
        await tx.query("pragma synchronous"),
      ]);
      expect(pragmas).to.deep.equal([[{ journal_mode: "wal" }], [{ synchronous: 2 }]]);
    });

    it("is rolled back if it throws, and its error is rethrown unchanged", async () => {
      const error = new Error("no");
      const writing = database.write(async (tx) => {
        await insert(tx, 1);
        throw error;
      });
      expect(await rejection(writing)).to.equal(error);
      expect(await values()).to.deep.equal([]);
    });

    it("does not hold up the next one if it failed", async () => {
      await Promise.allSettled([
        database.write(() => Promise.reject(new Error("no"))),
        database.write((tx) => tx.query("select * from nonsense")),
        database.write((tx) => insert(tx, 1)),
      ]);
      expect(await values()).to.deep.equal([1]);
    });

    it("is visible to nobody before its end, and to everybody after it", async () => {
      const other = await open();
      const [begun, gate] = [deferred(), deferred()];
      const writing = database.write(async (tx) => {
        await insert(tx, 1);
        begun.resolve();
        await gate.promise;
      });
      await begun.promise;
      expect([await values(), await values(other)]).to.deep.equal([[], []]);
      gate.resolve();
      await writing;
      expect([await values(), await values(other)]).to.deep.equal([[1], [1]]);
    });

    it("is served after those that came before it", async () => {
      await Promise.all(Array.from({ length: 20 }, (_, i) => database.write((tx) => insert(tx, i))));
      expect(await values()).to.deep.equal(Array.from({ length: 20 }, (_, i) => i));
    });

    it("waits for a transaction of another connection, as of another process", async () => {
      const run = await otherConnection();
      await run("begin immediate");
      await run("insert into t values ('first')");
      const waiting = database.write((tx) => insert(tx, "second"));
      await new Promise((turn) => setTimeout(turn, 50));
      await run("commit");
      await waiting;
      expect(await values()).to.deep.equal(["first", "second"]);
    });

    it("waits for a transaction of another opening in this process, and these in turn, however many", async () => {
      const others = await Promise.all(Array.from({ length: 6 }, open));
      const [begun, gate] = [deferred(), deferred()];
      const writing = database.write(async (tx) => {
        await insert(tx, "first");
        begun.resolve();
        await gate.promise;
      });
      await begun.promise;
      const waiting = others.map((other, i) => other.write((tx) => insert(tx, i)));
      gate.resolve();
      await Promise.all([writing, ...waiting]);
      expect(await values()).to.deep.equal(["first", 0, 1, 2, 3, 4, 5]);
    });

    it("has the database's clock, which is this machine's", async () => {
      const before = Date.now();
      const nowMs = await database.write(async (tx) => tx.nowMs);
      expect(nowMs).to.be.within(before - 1, Date.now() + 1);
      const [row] = await database.read(`select ${database.dialect.now} as now`);
      expect(Number(row?.now)).to.be.within(nowMs, Date.now() + 1);
    });
  });

  it("cannot be written by a read", async () => {
    expect(await rejection(database.read("insert into t values (1)"))).to.be.instanceOf(Error);
    expect(await values()).to.deep.equal([]);
  });

  it("is UNAVAILABLE if it is locked for too long, and SQL appears only in the cause", async () => {
    const { SqliteDatabase } = await import("../../../src/adapters/sql/index.js");
    const hasty = await SqliteDatabase.open({
      file,
      entities: [],
      migrations: MIGRATIONS,
      busyTimeoutMs: 20,
    });
    opened.push(hasty);
    const run = await otherConnection();
    await run("begin immediate");
    const error = await rejection(hasty.write((tx) => insert(tx, 1)));
    await run("rollback");
    expect(AssetmillError.is(error) && error.code).to.equal("UNAVAILABLE");
    expect((error as Error).message).not.to.match(/insert|begin|sqlite:/i);
    await hasty.write((tx) => insert(tx, 2));
    expect(await values()).to.deep.equal([2]);
  });

  for (const [title, harm] of [
    ["deleted", async () => unlink(file)],
    ["replaced by another file", async () => rename(file, `${file}-away`).then(() => writeFile(file, ""))],
  ] as const) {
    it(`reports soon if its file was ${title} while it was open`, async () => {
      await database.write((tx) => insert(tx, 1));
      await harm();
      await new Promise((turn) => setTimeout(turn, 250));
      const error = await rejection(database.write((tx) => insert(tx, 2)));
      expect(AssetmillError.is(error) && error.code).to.equal("UNAVAILABLE");
      expect((error as Error).message).to.match(/deleted or replaced/);
    });
  }

  it("is rejected if it is no database, and left as it is", async () => {
    const other = join(folder, "notes.txt");
    await writeFile(other, "not a database, but a text of more than one page".repeat(100));
    const error = await rejection(openDatabase(other));
    expect(AssetmillError.is(error) && [error.code, error.ids.field]).to.deep.equal(["INVALID_PARAMETER", "store"]);
    expect(await readFile(other, "utf8")).to.match(/^not a database/);
  });

  describe("the schema", () => {
    it("is rejected if it belongs to a newer program, naming both versions, and is left as it is", async () => {
      await database.write((tx) =>
        tx.query("insert into assetmill_migration (timestamp, name) values (9999999999999, 'Future9999999999999')"),
      );
      const before = await dump(database);
      const error = await rejection(openDatabase(file));
      expect(AssetmillError.is(error) && error.code).to.equal("INVALID_PARAMETER");
      expect((error as Error).message).to.include("Future9999999999999");
      expect((error as Error).message).to.include(MIGRATIONS.at(-1)?.name);
      expect(await dump(database)).to.deep.equal(before);
    });

    it("is upgraded once by many simultaneous opens", async () => {
      file = join(folder, "fresh.sqlite");
      const all = await Promise.all(Array.from({ length: 3 }, open));
      const applied = await all[2]?.read("select name from assetmill_migration order by id");
      expect(applied).to.deep.equal(MIGRATIONS.map(({ name }) => ({ name })));
    });

    it("is upgraded once by many simultaneous processes", async () => {
      file = join(folder, "fresh.sqlite");
      const child = fileURLToPath(new URL("../../support/open-database-child.js", import.meta.url));
      const run = promisify(execFile);
      const outputs = await Promise.all(Array.from({ length: 4 }, () => run(process.execPath, [child, file])));
      for (const { stdout } of outputs) expect(stdout.trim()).to.equal("opened");
      const applied = await (await open()).read("select name from assetmill_migration");
      expect(applied).to.have.length(MIGRATIONS.length);
    });

    it("stays as it is when it is opened again", async () => {
      const before = await dump(database);
      await open();
      expect(await dump(database)).to.deep.equal(before);
    });
  });

  describe("the file", () => {
    it("is created with its folders", async () => {
      file = join(folder, "new", "deep", "store.sqlite");
      await open();
      expect(await readdir(join(folder, "new", "deep"))).to.include("store.sqlite");
    });

    it("has one name, however its folder is reached", async () => {
      await mkdir(join(folder, "real"));
      await symlink(join(folder, "real"), join(folder, "link"));
      expect(await resolveFile(join(folder, "link", "x.sqlite"))).to.equal(join(folder, "real", "x.sqlite"));
    });

    it("is rejected if it is no database, without its path", async () => {
      file = join(folder, "text.sqlite");
      await writeFile(file, "this is not a database, by far not, and long enough to be looked at".repeat(50));
      const error = await rejection(openDatabase(file));
      expect(error).to.be.instanceOf(Error);
      expect((error as Error).message, "the file as it was given").to.include(file);
    });

    /** Who is refused is told which file, and to look at its name and rights. */
    const refused = async (): Promise<string> => {
      const error = await rejection(openDatabase(file));
      expect(AssetmillError.is(error) && [error.code, error.ids.field]).to.deep.equal(["INVALID_PARAMETER", "store"]);
      expect((error as Error).message, "the file as it was given").to.include(file);
      return (error as Error).message;
    };

    it("is rejected if it is a folder", async () => {
      file = join(folder, "a-folder");
      await mkdir(file);
      expect(await refused()).to.match(/a-folder is a folder; name a file/);
    });

    it("is rejected, by its whole name, if it is no database", async () => {
      file = join(folder, "topic.dita");
      await writeFile(file, "<topic/>".repeat(100));
      expect(await refused()).to.equal(`store: ${file} is not a SQLite database (it was left unchanged)`);
    });

    it("is rejected if its folder cannot be created", async () => {
      file = join(folder, "text", "a", "store.sqlite");
      await writeFile(join(folder, "text"), "not a folder");
      const error = await rejection(openDatabase(file));
      expect(AssetmillError.is(error) && [error.code, error.ids.field]).to.deep.equal(["INVALID_PARAMETER", "store"]);
    });

    it("is rejected soon if nothing can be created at its place", async function () {
      if (process.platform !== "linux") this.skip();
      file = "/proc/assetmill/a/store.sqlite";
      const error = await rejection(openDatabase(file));
      expect(AssetmillError.is(error) && [error.code, error.ids.field]).to.deep.equal(["INVALID_PARAMETER", "store"]);
    });

    it("is rejected if this user may not write it; one that becomes read-only in use is UNAVAILABLE", async () => {
      await database.close();
      opened.splice(0);
      await chmod(folder, 0o555);
      await chmod(file, 0o444);
      await asNobody(async () => {
        expect(await refused()).to.match(/store.sqlite: the file is read-only; may this user write to it/);
        file = join(folder, "new.sqlite");
        expect(await refused()).to.match(/new.sqlite: cannot open the file; does its folder exist/);
      });
      await chmod(folder, 0o755);
      file = join(folder, "store.sqlite");
      await chmod(file, 0o644);
      const live = await open();
      await live.write((tx) => tx.query("pragma query_only = on"));
      const error = await rejection(live.write((tx) => insert(tx, 1)));
      expect(AssetmillError.is(error) && error.code).to.equal("UNAVAILABLE");
      expect((error as Error).message).to.match(/^the database store.sqlite is unavailable: the file is read-only/);
    });

    it("is free again once it is closed, and a running transaction is ended first", async () => {
      const one = await openDatabase(file);
      const writing = one.write((tx) => insert(tx, "late"));
      await one.close();
      await writing;
      expect(await values()).to.deep.equal(["late"]);
    });
  });
});
