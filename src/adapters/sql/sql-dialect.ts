/** What a column of a JSON parameter holds. Bytes come as hexadecimal text. */
export type ColumnKind = "text" | "integer" | "bytes";

/** Where the databases' SQL differs. Each fragment that has a parameter has exactly one. */
export interface SqlDialect {
  readonly name: "sqlite" | "postgres";
  /** The database's clock, at this very moment; epoch milliseconds. */
  readonly now: string;
  /** The members of a JSON list, for use behind `in`. */
  readonly list: (kind: Exclude<ColumnKind, "bytes">) => string;
  /** A JSON list of objects as rows with these columns, for use behind `from`; wants an alias. */
  readonly rows: (columns: Readonly<Record<string, ColumnKind>>) => string;
  /** True where the text in `column` holds the parameter. */
  readonly contains: (column: string) => string;
  /**
   * Ends a select that holds its rows until the transaction ends. Empty where a writing transaction has the database to
   * itself; then a select that only locks is left out altogether.
   */
  readonly forUpdate: string;
  /** The same, passing over what others hold. */
  readonly forUpdateSkipLocked: string;
  /** Types and clauses of table definitions. */
  readonly ddl: {
    readonly bytes: string;
    /** Epoch milliseconds, sizes: beyond 32 bits. */
    readonly big: string;
    readonly autoincrement: string;
    /** Ends a table whose rows are to stand in the primary key's order, where that can be had. */
    readonly clustered: string;
    /** Ends a table of small rows that are updated often. */
    readonly oftenUpdated: string;
  };
}
