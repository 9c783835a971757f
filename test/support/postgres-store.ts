import { PostgresDatabase } from "../../src/adapters/sql/index.js";
import { SCHEMA } from "../../src/composition/databases.js";
import { freshSchema, sharedPostgres } from "./postgres-server.js";
import { type StoreFixture, type Stores, storesOn } from "./sqlite-store.js";

/** Stores in a schema of their own on the shared PostgreSQL, on which further nodes can be opened. */
export async function openPostgresStores(): Promise<Omit<StoreFixture, "file" | "folder">> {
  const { url, query } = await sharedPostgres();
  const schema = freshSchema();
  const opened: PostgresDatabase[] = [];
  const open = async (): Promise<Stores> => {
    const database = await PostgresDatabase.open({ url, schema, poolSize: 4, ...SCHEMA });
    opened.push(database);
    return storesOn(database);
  };
  return {
    ...(await open()),
    another: open,
    close: async () => {
      for (const database of opened) await database.close();
      await query(`drop schema "${schema}" cascade`);
    },
  };
}
