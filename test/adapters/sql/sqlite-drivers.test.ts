import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { SQLITE_DRIVERS, SqliteDatabase, type SqliteDriverName } from "../../../src/adapters/sql/index.js";
import { SCHEMA } from "../../../src/composition/databases.js";
import { AssetmillError } from "../../../src/core/errors.js";
import { createAssetmill } from "../../../src/index.js";
import { lockDatabase } from "../../durability/lock-database.js";
import { rejection } from "../../support/deferred.js";
import { openDatabase } from "../../support/sqlite-store.js";
import { tempFolder } from "../../support/temp-folder.js";

const CHILD = fileURLToPath(new URL("../../support/driver-child.js", import.meta.url));
const LOCK = new URL("../../durability/lock-database.js", import.meta.url).href;
const STORE = new URL("../../support/sqlite-store.js", import.meta.url).href;
const OTHER: Readonly<Record<SqliteDriverName, SqliteDriverName>> = {
  "better-sqlite3": "sqlite3",
  sqlite3: "better-sqlite3",
};

describe("the SQLite drivers", () => {
  let folder: string;
  let file: string;
  let remove: () => Promise<void>;
  const opened: SqliteDatabase[] = [];
  const children: ChildProcess[] = [];
  beforeEach(async () => {
    ({ folder, remove } = await tempFolder());
    file = join(folder, "store.sqlite");
  });
  afterEach(async () => {
    for (const child of children.splice(0)) child.kill("SIGKILL");
    await closeAll();
    await remove();
  });

  const closeAll = async (): Promise<void> => {
    for (const one of opened.splice(0)) await one.close();
  };
  const open = async (driver?: SqliteDriverName): Promise<SqliteDatabase> => {
    const database = await SqliteDatabase.open({ file, ...(driver ? { driver } : {}), ...SCHEMA });
    opened.push(database);
    return database;
  };
  const withCounter = async (driver: SqliteDriverName): Promise<void> => {
    const database = await open(driver);
    await database.write(async (tx) => {
      await tx.query("create table counter (n integer)");
      await tx.query("insert into counter values (0)");
      await tx.query("create table filler (bytes blob)");
    });
    await closeAll();
  };

  /** Resolves once the process has ended; `said` counts what it has committed. */
  function child(driver: SqliteDriverName, times?: number) {
    const args = [CHILD, file, driver, ...(times === undefined ? [] : [String(times)])];
    const process_ = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
    children.push(process_);
    let said = 0;
    process_.stdout.on("data", (data: Buffer) => (said += data.length));
    const ended = new Promise<number | string | null>((over) =>
      process_.once("close", (code, signal) => over(code ?? signal)),
    );
    return { ended, said: () => said, kill: () => process_.kill("SIGKILL") };
  }

  /** What the file holds, by the driver that opens it, and what SQLite says of it. */
  async function look(driver: SqliteDriverName) {
    const database = await open(driver);
    const [[counter], integrity, quick, [filler]] = await Promise.all([
      database.read("select n from counter"),
      database.read("pragma integrity_check"),
      database.read("pragma quick_check"),
      database.read("select count(*) as n from filler"),
    ]);
    await closeAll();
    expect(integrity).to.deep.equal([{ integrity_check: "ok" }]);
    expect(quick).to.deep.equal([{ quick_check: "ok" }]);
    expect(filler?.n).to.equal(counter?.n);
    return Number(counter?.n);
  }

  it("continue what the other one's process left behind when it was killed, at any time, and lose no commit", async () => {
    await withCounter("sqlite3");
    let most = 0;
    let least = 0;
    for (let round = 0; round < 6; round++) {
      const driver = SQLITE_DRIVERS[round % 2] ?? "sqlite3";
      const { ended, said, kill } = child(driver);
      while (said() < 20 + round * 17) await sleep(2);
      kill();
      expect(await ended).to.equal("SIGKILL");
      least += said();
      // One that was committed may not have been said.
      most += said() + 1;
      const found = await look(OTHER[driver]);
      expect(found, `round ${round}`).to.be.within(least, most);
      least = found;
      most = found;
    }
  });

  it("write to one file at the same time from two processes, reset its log in turn, and lose nothing", async () => {
    await withCounter("better-sqlite3");
    const both = SQLITE_DRIVERS.map((driver) => child(driver, 400));
    expect(await Promise.all(both.map(({ ended }) => ended))).to.deep.equal([0, 0]);
    expect(await look("better-sqlite3")).to.equal(800);
    expect(await look("sqlite3")).to.equal(800);
  });

  it("store the same values: what one writes the other reads, to the last bit", async () => {
    const values = [
      ...[0, -1, 2 ** 31, 2 ** 53 - 1, -(2 ** 53) + 1, Date.now()],
      ...[0.1, 1 / 3, 5e-324, 1.7976931348623157e308, 0.1 + 0.2, 123456789012.34567],
      ...["", "é\u0000x", "\u{1f600}".repeat(1_000), "0.1", "1e5"],
      ...[Buffer.alloc(0), Buffer.from([0, 255]), Buffer.alloc(100_000, 7).subarray(10, 50_000), null],
    ];
    const kinds = "select typeof(x) as kind, x from v order by rowid";
    const read: unknown[][] = [];
    for (const driver of SQLITE_DRIVERS) {
      const database = await open(driver);
      await database.write(async (tx) => {
        await tx.query("create table if not exists v (x)");
        await tx.query("delete from v");
        for (const value of values) await tx.query("insert into v values (?)", [value]);
      });
      for (const reader of [driver, OTHER[driver]]) {
        await closeAll();
        const rows = await (await open(reader)).read(kinds);
        expect(rows.map(({ x }) => x)).to.deep.equal(values);
        read.push(rows.filter(({ x }) => Buffer.isBuffer(x)).map(({ x }) => x));
        // In a column of its own type a number has the same kind, whoever wrote it.
        expect(rows.filter(({ kind }) => kind === "blob" || kind === "text" || kind === "null").length).to.equal(9);
      }
      await closeAll();
    }
    expect(read.map((list) => list.length)).to.deep.equal([3, 3, 3, 3]);
  });

  it("read numbers out of JSON alike, of which our statements take their parameters", async () => {
    const json = JSON.stringify({ a: 1_764_300_000_007, b: 2 ** 53 - 1, c: -5, d: "0.1", e: null, f: "\u0000é" });
    const answers: unknown[] = [];
    for (const driver of SQLITE_DRIVERS) {
      const rows = await (
        await open(driver)
      ).read(
        `select value ->> 'a' as a, typeof(value ->> 'a') as ta, value ->> 'b' as b, value ->> 'c' as c, value ->> 'd' as d,
           value ->> 'e' as e, value ->> 'f' as f from json_each(?)`,
        [`[${json}]`],
      );
      answers.push(rows);
      await closeAll();
    }
    expect(answers[0]).to.deep.equal(answers[1]);
    expect(answers[0]).to.deep.equal([
      { a: 1_764_300_000_007, ta: "integer", b: 2 ** 53 - 1, c: -5, d: "0.1", e: null, f: "\u0000é" },
    ]);
  });

  it("keep nothing that a release of SQLite writes otherwise than another: no float, and no index over an expression of one", async () => {
    const database = await open();
    const tables = await database.read(
      "select name from sqlite_master where type = 'table' and name not like 'sqlite_%'",
    );
    expect(tables.length).to.be.above(10);
    for (const { name } of tables) {
      const columns = await database.read(`select name, type from pragma_table_info(?)`, [name]);
      for (const column of columns)
        expect(String(column.type).toLowerCase(), `${name}.${column.name}`).to.match(
          /^(?:text|varchar|integer|bigint|blob)$/,
        );
      const parts = await database.read(
        `select i.name as name, x.cid as cid from pragma_index_list(?) as i join pragma_index_xinfo(i.name) as x`,
        [name],
      );
      // -2 stands for an expression. That of `job_claimable` is of texts and integers.
      for (const part of parts)
        if (!String(part.name).endsWith("job_claimable")) expect(Number(part.cid), String(part.name)).to.be.above(-2);
    }
  });

  it("are not mixed by the assets and the store of one mill: neither is dropped without a word", async () => {
    const error = await rejection(
      createAssetmill({ assets: `sqlite:${file}?driver=sqlite3`, store: `sqlite:${file}?driver=better-sqlite3` }),
    );
    expect((error as Error).message).to.equal(
      "driver: store.sqlite is already open in this process by better-sqlite3; name one driver wherever you name the file",
    );
    const mill = await createAssetmill({ assets: `sqlite:${file}?driver=sqlite3` });
    await mill.close();
  });

  it("are not mixed in one process, where SQLite's locks would not hold: the second one is refused in words", async () => {
    for (const driver of SQLITE_DRIVERS) {
      const first = await open(driver);
      const error = await rejection(open(OTHER[driver]));
      expect(AssetmillError.is(error) && [error.code, error.ids.field]).to.deep.equal(["INVALID_PARAMETER", "driver"]);
      expect((error as Error).message).to.include(`store.sqlite is already open in this process by ${driver}`);
      expect((await open()).engine, "without a name, the one in use").to.equal(first.engine);
      await closeAll();
      expect((await open(OTHER[driver])).engine).to.match(new RegExp(`^${OTHER[driver]}, `));
      await closeAll();
    }
  });

  it("are chosen in this order: better-sqlite3, sqlite3", async () => {
    expect((await open()).engine).to.match(/^better-sqlite3, SQLite 3\./);
  });

  for (const driver of SQLITE_DRIVERS) {
    describe(driver, () => {
      it("brings a SQLite in which the log's reset cannot damage a database: 3.51.3 or newer", async () => {
        const { engine } = await open(driver);
        const version = new RegExp(`^${driver}, SQLite 3\\.(\\d+)\\.(\\d+)$`).exec(engine);
        process.stderr.write(`      ${engine}\n`);
        expect(Number(version?.[1]) * 1_000 + Number(version?.[2]), engine).to.be.at.least(51_003);
      });

      it("leaves the event loop free while another process holds the lock, and writes once that is released", async () => {
        await withCounter(driver);
        const database = await open(driver);
        const locked = lockDatabase(file, 1_500);
        await sleep(700);
        const delay = monitorEventLoopDelay({ resolution: 5 });
        delay.enable();
        const began = performance.now();
        await database.write((tx) => tx.query("update counter set n = n + 1"));
        const waitedMs = performance.now() - began;
        delay.disable();
        await locked;
        expect(waitedMs).to.be.above(100);
        expect(delay.percentile(90) / 1e6, `delay while it waited ${waitedMs.toFixed(0)} ms`).to.be.below(100);
      });

      it("lets its process end by itself while the database is open", async () => {
        await withCounter(driver);
        const began = performance.now();
        expect(await child(driver, 3).ended).to.equal(0);
        expect(performance.now() - began).to.be.below(20_000);
        expect(await look(driver)).to.equal(3);
      });

      it("answers a statement that is wrong with SQLite's words, and goes on", async () => {
        const database = await open(driver);
        const error = await rejection(database.read("select nonsense from nowhere"));
        expect(String(error)).to.match(/SQLITE_ERROR: no such table: nowhere/);
        expect(await database.read("select ? as x", [1])).to.deep.equal([{ x: 1 }]);
      });
    });
  }

  it("better-sqlite3 refuses a file whose name ends with a blank, which it would take for another", async () => {
    file = join(folder, "store.sqlite ");
    const error = await rejection(openDatabase(file, "better-sqlite3"));
    expect((error as Error).message).to.include("a file whose name ends with a blank; use ?driver=sqlite3");
    expect((await open("sqlite3")).engine).to.match(/^sqlite3, /);
  });

  it("better-sqlite3 lets its process exit at once while a statement waits for a lock, with its own exit code", async () => {
    await withCounter("better-sqlite3");
    const script = `
      const { openDatabase } = await import(${JSON.stringify(STORE)});
      const database = await openDatabase(${JSON.stringify(file)}, "better-sqlite3");
      const { lockDatabase } = await import(${JSON.stringify(LOCK)});
      void lockDatabase(${JSON.stringify(file)}, 60_000);
      const isLocked = () => Promise.race([
        database.write((tx) => tx.query("select 1")).then(() => false),
        new Promise((over) => setTimeout(over, 1_000, true)),
      ]);
      while (!(await isLocked()));
      process.stdout.write(String(Date.now()));
      process.exit(7);`;
    const leaving = spawn(process.execPath, ["--input-type=module", "-e", script], {
      stdio: ["ignore", "pipe", "inherit"],
      detached: true,
    });
    let said = "";
    leaving.stdout.on("data", (data: Buffer) => (said += data.toString()));
    const code = await new Promise((over) => leaving.once("exit", over));
    const tookMs = Date.now() - Number(said);
    // The process that holds the lock.
    process.kill(-Number(leaving.pid), "SIGKILL");
    expect(code).to.equal(7);
    expect(tookMs).to.be.within(0, 20_000);
    expect(await look("better-sqlite3")).to.equal(0);
  });
});
