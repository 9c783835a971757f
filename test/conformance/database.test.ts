import { join } from "node:path";
import { assetRepositoryConformance } from "../../src/testing/index.js";
import { DATABASE_ASSETS, openDatabaseAssets, openPostgres, openSqlite } from "../support/database-assets.js";

const files = (folder: string) => ({ contentFolder: join(folder, "contents") });

assetRepositoryConformance("SQLite by sqlite3", () => openDatabaseAssets(openSqlite), DATABASE_ASSETS);
assetRepositoryConformance(
  "SQLite by better-sqlite3",
  () => openDatabaseAssets(() => openSqlite("better-sqlite3")),
  DATABASE_ASSETS,
);
assetRepositoryConformance(
  "SQLite with contents as files",
  () => openDatabaseAssets(openSqlite, files),
  DATABASE_ASSETS,
);
assetRepositoryConformance("PostgreSQL", () => openDatabaseAssets(openPostgres), DATABASE_ASSETS);
assetRepositoryConformance(
  "PostgreSQL with contents as files",
  () => openDatabaseAssets(openPostgres, files),
  DATABASE_ASSETS,
);
