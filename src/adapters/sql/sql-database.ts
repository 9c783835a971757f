import type { EntityManager } from "typeorm";
import type { Transaction } from "../../core/ports/transaction.js";
import type { SqlDialect } from "./sql-dialect.js";

/** One row, by column name. */
export type Row = Readonly<Record<string, SqlValue>>;

/** What a driver gives back. PostgreSQL's driver gives numbers beyond 32 bits as text: `Number()` them. */
export type SqlValue = string | number | boolean | null | Uint8Array;

/** A writing transaction. Holds until the function that was given it ends. */
export interface SqlTransaction extends Transaction {
  readonly dialect: SqlDialect;
  readonly manager: EntityManager;
  /** The database's clock at the beginning of this transaction's work; epoch milliseconds. */
  readonly nowMs: number;
  /**
   * SQL as `SqlText` has it. Refused once a statement of the transaction has failed, for then the transaction may be
   * over: SQLite ends it by itself where the disk is full or fails. For the same reason nothing may be changed before
   * the last statement ended; a `select` may be given beside another statement, which saves a round trip, and sees what
   * that one did.
   */
  query(sql: string, parameters?: readonly unknown[]): Promise<readonly Row[]>;
  /** From here to its end no other transaction of this database is between its own `alone` of this name and its end. */
  alone(name: string): Promise<void>;
}

/** A database as store, database repository and folder results share it. */
export interface SqlDatabase {
  /** Its URI without credentials; equal for two openings of one database with the same tables. */
  readonly identity: string;
  readonly dialect: SqlDialect;
  /**
   * Runs `work` in one durable transaction; rolls back where it throws. SQLite serves writers one after the other,
   * PostgreSQL beside each other: there whoever changes a row that depends on another holds that one first. UNAVAILABLE
   * where it may be tried again as it is: it was not stored, or its answer was lost.
   */
  write<T>(work: (tx: SqlTransaction) => Promise<T>): Promise<T>;
  /** One read, of what was committed before it began. Never longer than a page. SQL as `SqlText` has it. */
  read(sql: string, parameters?: readonly unknown[]): Promise<readonly Row[]>;
  /** Entities, read outside of any transaction. */
  entities<T>(find: (manager: EntityManager) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** Core hands transactions on unopened; the adapters of one database know what they are. */
export const sqlTransaction = (tx: Transaction): SqlTransaction => tx as SqlTransaction;
