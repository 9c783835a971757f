import { BetterSqlite3QueryRunner } from "typeorm/driver/better-sqlite3/BetterSqlite3QueryRunner.js";
import { PostgresQueryRunner } from "typeorm/driver/postgres/PostgresQueryRunner.js";
import { SqliteQueryRunner } from "typeorm/driver/sqlite/SqliteQueryRunner.js";

/** A statement as it went to the driver. */
export interface RecordedSql {
  readonly sql: string;
  readonly parameters: readonly unknown[];
}

type Query = (this: unknown, sql: string, parameters?: readonly unknown[], ...more: readonly unknown[]) => unknown;

const RUNNERS = [PostgresQueryRunner, SqliteQueryRunner, BetterSqlite3QueryRunner] as readonly {
  readonly prototype: object;
}[];

/** Whatever TypeORM's query runners are given while `work` runs, in order; each different statement once. */
export async function recordSql(work: () => Promise<void>): Promise<readonly RecordedSql[]> {
  const recorded = new Map<string, RecordedSql>();
  await watching(work, (sql, parameters) => {
    if (!recorded.has(sql)) recorded.set(sql, { sql, parameters: [...parameters] });
  });
  return [...recorded.values()];
}

/** Returns how many rows TypeORM's query runners return while `work` runs. */
export async function countRows(work: () => Promise<void>): Promise<number> {
  let rows = 0;
  await watching(work, (_sql, _parameters, result) => {
    void Promise.resolve(result).then((found: any) => (rows += (found?.records ?? found)?.length ?? 0));
  });
  return rows;
}

async function watching(
  work: () => Promise<void>,
  look: (sql: string, parameters: readonly unknown[], result: unknown) => void,
): Promise<void> {
  const own = RUNNERS.map(({ prototype }) => prototype as { query: Query });
  const originals = own.map(({ query }) => query);
  own.forEach((prototype, i) => {
    prototype.query = function (sql, parameters = [], ...more) {
      const result = originals[i]?.call(this, sql, parameters, ...more);
      look(sql, parameters, result);
      return result;
    };
  });
  try {
    await work();
  } finally {
    own.forEach((prototype, i) => {
      prototype.query = originals[i] as Query;
    });
  }
}
