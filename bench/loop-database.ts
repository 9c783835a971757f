import pg from "pg";
import sqlite3 from "sqlite3";

/** A driver's calls as promises, with nothing else between the loop and the database. */
export interface LoopDatabase {
  /** SQL that inserts one outcome row per entry of a JSON array of `[id, path]`; parameters: time, array. */
  readonly insertOutcomes: string;
  /** Parameters are written as `$1`, `$2`, …, which both engines take. */
  all<T>(sql: string, parameters?: readonly unknown[]): Promise<T[]>;
  close(): Promise<void>;
}

export function openSqlite(file: string): Promise<LoopDatabase> {
  return new Promise((opened, failed) => {
    const db = new sqlite3.Database(file, (error) => {
      if (error) return void failed(error);
      const all = <T>(sql: string, parameters: readonly unknown[] = []): Promise<T[]> =>
        new Promise((done, refused) => {
          db.all<T>(sql, [...parameters], (wrong, rows) => (wrong ? refused(wrong) : done(rows)));
        });
      all("pragma journal_mode = wal")
        .then(() => all("pragma synchronous = full"))
        .then(
          () =>
            opened({
              insertOutcomes: "insert into outcome select value ->> 0, value ->> 1, 'SUCCEEDED', $1 from json_each($2)",
              all,
              close: () => new Promise((closed, refused) => db.close((wrong) => (wrong ? refused(wrong) : closed()))),
            }),
          failed,
        );
    });
  });
}

export async function openPostgres(connectionString: string, schema: string): Promise<LoopDatabase> {
  const client = new pg.Client({ connectionString, options: `-c search_path=${schema}` });
  await client.connect();
  return {
    insertOutcomes: `insert into outcome
      select (value ->> 0)::integer, value ->> 1, 'SUCCEEDED', $1::bigint from jsonb_array_elements($2::jsonb) as t(value)`,
    all: async <T>(sql: string, parameters: readonly unknown[] = []) =>
      (await client.query(sql, [...parameters])).rows as T[],
    close: () => client.end(),
  };
}
