import { join } from "node:path";
import { DatabaseAssetRepository, type DatabaseAssetsOptions } from "../../src/adapters/assets/database/index.js";
import {
  PostgresDatabase,
  type SqlDatabase,
  SqliteDatabase,
  type SqliteDriverName,
} from "../../src/adapters/sql/index.js";
import { AssetmillError } from "../../src/core/errors.js";
import { fileTypeOfName } from "../../src/core/asset/file-type.js";
import { SCHEMA } from "../../src/composition/databases.js";
import type { AssetRepositoryCapabilities, AssetRepositoryFixture } from "../../src/testing/index.js";
import { freshSchema, sharedPostgres } from "./postgres-server.js";
import { tempFolder } from "./temp-folder.js";

/** A database of a test's own. */
export interface OpenedDatabase {
  readonly database: SqlDatabase;
  readonly folder: string;
  close(): Promise<void>;
}

export async function openSqlite(driver: SqliteDriverName = "sqlite3"): Promise<OpenedDatabase> {
  const { folder, remove } = await tempFolder();
  const database = await SqliteDatabase.open({ file: join(folder, "assets.sqlite"), driver, ...SCHEMA });
  return {
    database,
    folder,
    close: async () => {
      await database.close();
      await remove();
    },
  };
}

export async function openPostgres(): Promise<OpenedDatabase> {
  const { url, query } = await sharedPostgres();
  const { folder, remove } = await tempFolder();
  const schema = freshSchema();
  const database = await PostgresDatabase.open({ url, schema, poolSize: 4, ...SCHEMA });
  return {
    database,
    folder,
    close: async () => {
      await database.close();
      await query(`drop schema "${schema}" cascade`);
      await remove();
    },
  };
}

export const DATABASE_ASSETS: AssetRepositoryCapabilities = {
  enlist: true,
  sink: true,
  sinkTimes: true,
  refusesGone: false,
  forgetsGone: true,
  comparesStamps: false,
  creationTimes: true,
  // Whoever puts an asset says what it is.
  xmlHeads: false,
  closedFolders: false,
};

/** The repository as the conformance suite opens it, beside the jobs in one database. */
export async function openDatabaseAssets(
  open: () => Promise<OpenedDatabase>,
  options: (folder: string) => DatabaseAssetsOptions = () => ({}),
): Promise<AssetRepositoryFixture & { readonly database: SqlDatabase }> {
  const { database, folder, close } = await open();
  const repository = await DatabaseAssetRepository.open({ database, ownsDatabase: false }, options(folder));
  return {
    repository,
    database,
    root: "/",
    put: async (path, content, { createdMs = 0 }) => {
      const fileType = fileTypeOfName(path.slice(path.lastIndexOf("/") + 1)) ?? "OTHERS";
      const asset = { path, fileType, sizeBytes: content.length, createdMs, modifiedMs: Date.now() };
      const [end] = await repository.sink.put([
        {
          asset,
          content: async function* () {
            yield content;
          },
        },
      ]);
      if (end instanceof AssetmillError) throw end;
    },
    remove: async (path) => {
      await database.write((tx) => tx.query("delete from {asset} where path = ?", [path]));
    },
    transaction: (work) => database.write(work),
    close,
  };
}
