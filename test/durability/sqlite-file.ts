import { createRequire } from "node:module";

type Value = string | number | Buffer;

/** As much of better-sqlite3, which brings no types, as is used here. */
export interface Sqlite {
  prepare(sql: string): {
    readonly reader: boolean;
    all(parameters: readonly Value[]): readonly any[];
    run(parameters: readonly Value[]): unknown;
  };
  exec(sql: string): void;
  transaction(work: () => void): () => void;
  close(): void;
}

/** A SQLite file, opened past the product. `timeout`: how long it waits for a lock, in milliseconds. */
export const SqliteFile = createRequire(import.meta.url)("better-sqlite3") as new (
  file: string,
  options: { timeout: number },
) => Sqlite;
