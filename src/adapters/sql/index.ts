export type { Row, SqlDatabase, SqlTransaction } from "./sql-database.js";
export { realFile, SqliteDatabase, type SqliteOptions } from "./sqlite-database.js";
