import "reflect-metadata";
import { join } from "node:path";
import { type SqlDatabase, SqliteDatabase, type SqliteDriverName } from "../../src/adapters/sql/index.js";
import {
  TypeOrmChunkStore,
  TypeOrmJobLog,
  TypeOrmJobReports,
  TypeOrmJobStore,
} from "../../src/adapters/store/index.js";
import { SCHEMA } from "../../src/composition/databases.js";
import { tempFolder } from "./temp-folder.js";

/** As the program has them. */
export const MIGRATIONS = SCHEMA.migrations;

export const openDatabase = (file: string, driver: SqliteDriverName = "sqlite3"): Promise<SqliteDatabase> =>
  SqliteDatabase.open({ file, driver, ...SCHEMA });

/** The four stores on one database, as a node has them. */
export interface Stores {
  readonly database: SqlDatabase;
  readonly jobs: TypeOrmJobStore;
  readonly chunks: TypeOrmChunkStore;
  readonly log: TypeOrmJobLog;
  readonly reports: TypeOrmJobReports;
}

export const storesOn = (database: SqlDatabase): Stores => ({
  database,
  jobs: new TypeOrmJobStore(database),
  chunks: new TypeOrmChunkStore(database),
  log: new TypeOrmJobLog(database),
  reports: new TypeOrmJobReports(database),
});

/** Stores on a fresh SQLite file, on which further nodes can be opened. */
export interface StoreFixture extends Stores {
  readonly file: string;
  readonly folder: string;
  /** Another node on the same file, with connections of its own. */
  another(): Promise<Stores>;
  close(): Promise<void>;
}

export async function openStores(driver?: SqliteDriverName): Promise<StoreFixture> {
  const { folder, remove } = await tempFolder();
  const file = join(folder, "store.sqlite");
  const opened: SqlDatabase[] = [];
  const open = async (): Promise<Stores> => {
    const database = await openDatabase(file, driver);
    opened.push(database);
    return storesOn(database);
  };
  return {
    ...(await open()),
    file,
    folder,
    another: open,
    close: async () => {
      for (const database of opened) await database.close();
      await remove();
    },
  };
}

/** Every row of every table, so that "nothing was stored" can be said of all of them. */
export async function dump(database: SqlDatabase): Promise<Record<string, unknown[]>> {
  const tables = await database.read(
    database.dialect.name === "sqlite"
      ? `select name from sqlite_master where type = 'table' order by name`
      : `select cast(c.oid as regclass) as name from pg_class c
         where c.relkind = 'r' and c.relnamespace = (select relnamespace from pg_class where oid = cast('{job}' as regclass))
         order by 1`,
  );
  const all: Record<string, unknown[]> = {};
  for (const { name } of tables) {
    if (String(name).startsWith("sqlite_")) continue;
    const rows = await database.read(`select * from ${name}`);
    const order = (row: object): string => JSON.stringify(Object.values(row));
    if (database.dialect.name !== "sqlite") (rows as object[]).sort((a, b) => (order(a) < order(b) ? -1 : 1));
    all[String(name)] = rows.map((row) =>
      Object.fromEntries(
        Object.entries(row).map(([key, value]) => [key, Buffer.isBuffer(value) ? value.toString("hex") : value]),
      ),
    );
  }
  return all;
}
