export { FolderResults1761300000001 } from "./asset-results-1761300000001.js";
export { type EntityDefinition, entitySchema } from "./entity.js";
export type { Migration, MigrationTools } from "./migrations.js";
export { PostgresDatabase, postgresIdentity } from "./postgres-database.js";
export type { Row, SqlDatabase, SqlTransaction } from "./sql-database.js";
export { SqlText } from "./sql-text.js";
export { resolveFile } from "./resolve-file.js";
export { SqliteDatabase, sqliteIdentity } from "./sqlite-database.js";
export { SQLITE_DRIVERS, type SqliteDriverName } from "./sqlite-driver.js";
