import type { KeySql } from "./key-sql.js";

/** Type of a column in a JSON parameter. Bytes are passed as hexadecimal text. */
export type ColumnKind = "text" | "integer" | "bytes";

/** SQL fragments that differ between databases. A fragment takes one parameter at most. */
export interface SqlDialect {
  readonly name: "sqlite" | "postgres";
  /** The database's current time, not the transaction's; epoch milliseconds. */
  readonly now: string;
  /** The items of a JSON list, for use after `in`. */
  readonly list: (kind: Exclude<ColumnKind, "bytes">) => string;
  /**
   * A JSON list of objects as rows with these columns, for use after `from`; needs an alias. A value that is itself an
   * object becomes its JSON, if the column is text.
   */
  readonly rows: (columns: Readonly<Record<string, ColumnKind>>) => string;
  /**
   * Aggregate of a column that is never null: a JSON list of its values, as text. Takes rows in the order in which a
   * subquery with `order by` and `limit` yields them.
   */
  readonly jsonList: (column: string, kind: Exclude<ColumnKind, "bytes">) => string;
  /** The members of a JSON object whose values are texts, as rows with these two columns; needs an alias. */
  readonly entries: (name: string, value: string) => string;
  /** Condition that the text in `column` contains the parameter. */
  readonly contains: (column: string) => string;
  /**
   * Appended to a select to lock its rows until the transaction ends. Empty if a write transaction has the database to
   * itself; then skip a select that only locks.
   */
  readonly forUpdate: string;
  /** Appended to a select to keep others from changing its rows until the transaction ends. */
  readonly forShare: string;
  /** Like `forUpdate`, but skips rows that others have locked. */
  readonly forUpdateSkipLocked: string;
  /**
   * Appended to a table to read it by this index. SQLite has no statistics of ours, and may prefer a worse one; PostgreSQL
   * chooses for itself.
   */
  readonly byIndex: (name: string) => string;
  /** Finds sort keys and paths by index, whatever their length. */
  readonly keys: KeySql;
  /** Types and clauses of table definitions. */
  readonly ddl: {
    readonly bytes: string;
    /** 64-bit integers: epoch milliseconds, sizes. */
    readonly big: string;
    /** Appended to a column of type text: its order is that of its bytes. */
    readonly inBinaryOrder: string;
    readonly autoincrement: string;
    /** Appended to a table to store rows in primary key order, if the database can. */
    readonly clustered: string;
    /** Appended to a table of small rows that are updated often. */
    readonly oftenUpdated: string;
  };
}
