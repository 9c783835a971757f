import { openDatabase } from "./sqlite-store.js";
import type { SqliteDriverName } from "../../src/adapters/sql/index.js";

/**
 * A process that adds to the counter of a database, by one driver, one transaction each: so many times, then it ends by
 * itself, its database still open; or, without a number, until it is killed. It says each time once that is committed.
 */
const [file = "", driver, times] = process.argv.slice(2);
const database = await openDatabase(file, driver as SqliteDriverName);
for (let i = 0; times === undefined || i < Number(times); i++) {
  await database.write(async (tx) => {
    await tx.query("update counter set n = n + 1");
    await tx.query("insert into filler (bytes) values (?)", [Buffer.alloc(3_000, i)]);
  });
  process.stdout.write("+");
  // Lets others reset the log, which is where SQLite's own locking had a fault.
  if (i % 50 === 49)
    await database.write((tx) => tx.query("select 1")).then(() => database.read("pragma wal_checkpoint(passive)"));
}
