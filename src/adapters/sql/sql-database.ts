import type { EntityManager } from "typeorm";
import type { Transaction } from "../../core/ports/transaction.js";

/** One row, by column name. */
export type Row = Readonly<Record<string, SqlValue>>;

/** What a driver gives back. */
export type SqlValue = string | number | null | Uint8Array;

/** A writing transaction. Holds until the function that was given it ends. */
export interface SqlTransaction extends Transaction {
  readonly manager: EntityManager;
  /** The database's clock at the beginning of this transaction's work; epoch milliseconds. */
  readonly nowMs: number;
  /**
   * Refused once a statement of the transaction has failed, for then the transaction may be over: SQLite ends it by
   * itself where the disk is full or fails. For the same reason nothing may be changed before the last statement ended;
   * a `select` may be given beside another statement, which saves a round trip, and sees what that one did.
   */
  query(sql: string, parameters?: readonly unknown[]): Promise<readonly Row[]>;
}

/** A database as store, database repository and folder results share it. */
export interface SqlDatabase {
  /** Runs `work` in one durable transaction; rolls back where it throws. Writers are served one after the other. */
  write<T>(work: (tx: SqlTransaction) => Promise<T>): Promise<T>;
  /** One read, of what was committed before it began. Never longer than a page. */
  read(sql: string, parameters?: readonly unknown[]): Promise<readonly Row[]>;
  /** Entities, read outside of any transaction. */
  readonly entities: EntityManager;
  /** The database's clock as an SQL expression; epoch milliseconds. */
  readonly now: string;
  close(): Promise<void>;
}

/** Core hands transactions on unopened; the adapters of one database know what they are. */
export const sqlTransaction = (tx: Transaction): SqlTransaction => tx as SqlTransaction;
