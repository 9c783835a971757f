import sqlite3 from "sqlite3";
import { SyntheticRepository } from "./synthetic-repository.js";

/** The driver's calls as promises; nothing else stands between the loop and SQLite. */
class Connection {
  readonly #db: sqlite3.Database;

  private constructor(db: sqlite3.Database) {
    this.#db = db;
  }

  static open(file: string): Promise<Connection> {
    return new Promise((opened, failed) => {
      const db = new sqlite3.Database(file, (error) => (error ? failed(error) : opened(new Connection(db))));
    });
  }

  all<T>(sql: string, parameters: readonly unknown[] = []): Promise<T[]> {
    return new Promise((done, failed) => {
      this.#db.all<T>(sql, [...parameters], (error, rows) => (error ? failed(error) : done(rows)));
    });
  }

  close(): Promise<void> {
    return new Promise((closed, failed) => {
      this.#db.close((error) => (error ? failed(error) : closed()));
    });
  }
}

const PAGE = 1_000;

/** Fills a file with the rows that the loop reads. */
export async function makeRows(file: string, count: number): Promise<void> {
  const db = await Connection.open(file);
  await db.all("pragma journal_mode = wal");
  await db.all("create table asset (id integer primary key, path text not null, size integer, modified integer)");
  await db.all("create table outcome (asset_id integer primary key, path text, status text, at integer)");
  await db.all("create table checkpoint (id integer primary key, position integer)");
  await db.all("insert into checkpoint values (1, 0)");
  for (let i = 0; i < count; i += 10_000) {
    const rows = Array.from({ length: Math.min(10_000, count - i) }, (_, j) => [
      i + j + 1,
      SyntheticRepository.path(i + j),
    ]);
    await db.all("insert into asset select value ->> 0, value ->> 1, 4096, 1700000000000 from json_each(?)", [
      JSON.stringify(rows),
    ]);
  }
  await db.close();
}

/**
 * What a careful programmer writes by hand: keyset pages of 1,000 rows, a no-op handler awaited per row, and per page one
 * durable transaction (`synchronous=FULL`) that inserts an outcome row per asset, in one statement, and moves a checkpoint.
 */
export async function outcomeLoop(file: string, handler: (path: string) => Promise<void>): Promise<number> {
  const db = await Connection.open(file);
  await db.all("pragma synchronous = full");
  let position = 0;
  let handled = 0;
  for (;;) {
    const rows = await db.all<{ id: number; path: string }>(
      "select id, path from asset where id > ? order by id limit ?",
      [position, PAGE],
    );
    const last = rows.at(-1);
    if (!last) break;
    for (const row of rows) await handler(row.path);
    await db.all("begin immediate");
    await db.all("insert into outcome select value ->> 0, value ->> 1, 'SUCCEEDED', ? from json_each(?)", [
      Date.now(),
      JSON.stringify(rows.map(({ id, path }) => [id, path])),
    ]);
    await db.all("update checkpoint set position = ? where id = 1", [last.id]);
    await db.all("commit");
    position = last.id;
    handled += rows.length;
  }
  await db.close();
  return handled;
}
