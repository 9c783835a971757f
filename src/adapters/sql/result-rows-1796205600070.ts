import type { Migration, MigrationTools } from "./migrations.js";

/**
 * Makes the rows of results small: what many have in common (job and handlers' versions) is in a table of its own, and the
 * stamp is one column. Copies the rows as they are, without looking into them: a million takes seconds. Their handlers'
 * versions stay in the stamp.
 */
export class ResultRows1796205600070 implements Migration {
  readonly name = "ResultRows1796205600070";

  async up({ dialect, query }: MigrationTools): Promise<void> {
    const { ddl, keys } = dialect;
    const isSqlite = dialect.name === "sqlite";
    await query(`create table {result_source} (
      id ${ddl.autoincrement},
      job_id text not null,
      handlers text not null
    )`);
    await query(
      `create unique index {index result_source_by_job} on {result_source} (job_id, ${keys.pathIdentity("handlers")})`,
    );
    const key = "primary key (repository_id, key)";
    await query(`create table {asset_result} (
      repository_id integer not null,
      key text ${ddl.inBinaryOrder} not null,
      path text,
      at_ms ${ddl.big} not null,
      source integer not null,
      stamp text not null,
      properties text,
      refs text${isSqlite ? `, ${key}` : ""}
    ) ${ddl.clustered}`);
    await query(
      "insert into {result_source} (job_id, handlers) select distinct job_id, '{}' from {folder_result} order by job_id",
    );
    const hash = isSqlite ? "json_quote(f.content_hash)" : "coalesce(cast(to_json(f.content_hash) as text), 'null')";
    await query(
      `insert into {asset_result} (repository_id, key, path, at_ms, source, stamp, properties, refs)
       select f.repository_id, ${keys.pathKey("f.path")}, ${keys.longPath("f.path")}, f.at_ms, s.id,
         '[' || f.size_bytes || ',' || f.modified_ms || ',' || ${hash} || ',' || f.handlers || ']', f.properties, f.refs
       from {folder_result} f ${isSqlite ? "cross join" : "join"} {result_source} s on s.job_id = f.job_id`,
    );
    // Quicker than an index that grows with the rows.
    if (!isSqlite) await query(`alter table {asset_result} add ${key}`);
    await query("drop table {folder_result}");
  }
}
