import type { LoopDatabase } from "./loop-database.js";
import { SyntheticRepository } from "./synthetic-repository.js";

const PAGE = 1_000;

/** Creates the loop's tables and fills in the rows to read. */
export async function makeRows(db: LoopDatabase, count: number): Promise<void> {
  await db.all("create table asset (id integer primary key, path text not null, size integer, modified bigint)");
  await db.all("create table outcome (asset_id integer primary key, path text, status text, at bigint)");
  await db.all("create table checkpoint (id integer primary key, position integer)");
  await db.all("insert into checkpoint values (1, 0)");
  for (let i = 0; i < count; i += PAGE) {
    const rows = Array.from({ length: Math.min(PAGE, count - i) }, (_, j) => [
      i + j + 1,
      SyntheticRepository.path(i + j),
    ]);
    const values = rows.map(([id, path]) => `(${id}, '${path}', 4096, 1700000000000)`);
    await db.all(`insert into asset values ${values.join(", ")}`);
  }
}

/**
 * The loop that a careful programmer writes by hand: keyset pages of 1,000 rows, a no-op handler awaited per row, and per page
 * one durable transaction that inserts an outcome row per asset in one statement and advances a checkpoint.
 */
export async function outcomeLoop(db: LoopDatabase, handler: (path: string) => Promise<void>): Promise<number> {
  let position = 0;
  let handled = 0;
  for (;;) {
    const rows = await db.all<{ id: number; path: string }>(
      "select id, path from asset where id > $1 order by id limit $2",
      [position, PAGE],
    );
    const last = rows.at(-1);
    if (!last) return handled;
    for (const row of rows) await handler(row.path);
    await db.all("begin");
    await db.all(db.insertOutcomes, [Date.now(), JSON.stringify(rows.map(({ id, path }) => [id, path]))]);
    await db.all("update checkpoint set position = $1 where id = 1", [last.id]);
    await db.all("commit");
    position = last.id;
    handled += rows.length;
  }
}
