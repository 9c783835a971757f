import type { EntityManager } from "typeorm";
import type { Transaction } from "../../core/ports/transaction.js";
import type { SqlDialect } from "./sql-dialect.js";

/** One row, by column name. */
export type Row = Readonly<Record<string, SqlValue>>;

/** A value as the driver returns it. PostgreSQL's returns 64-bit integers as text: convert them by `Number()`. */
export type SqlValue = string | number | boolean | null | Uint8Array;

/** A write transaction. Valid until the function that received it ends. */
export interface SqlTransaction extends Transaction {
  readonly dialect: SqlDialect;
  readonly manager: EntityManager;
  /** The database's time when this transaction began; epoch milliseconds. */
  readonly nowMs: number;
  /**
   * Runs SQL in the notation of `SqlText`. Throws once a statement of the transaction has failed: the transaction may be
   * over, since SQLite ends it by itself if the disk is full or fails. For the same reason a change must wait until the
   * previous statement has ended. A `select` need not wait, which saves a round trip; it sees the effects of that statement.
   */
  query(sql: string, parameters?: readonly unknown[]): Promise<readonly Row[]>;
  /** Takes the exclusive lock of this name, until the transaction ends. */
  lock(name: string): Promise<void>;
}

/** The database shared by store, database repository and folder results. */
export interface SqlDatabase {
  /** URI without credentials; equal whenever the same tables of the same database are opened. */
  readonly identity: string;
  readonly dialect: SqlDialect;
  /**
   * Runs `work` in one durable transaction; rolls back if it throws. SQLite runs writers one at a time, PostgreSQL
   * concurrently: a change that depends on another row must lock that row first. Throws UNAVAILABLE if the same call may be
   * retried: nothing was stored, or the commit's answer was lost. May call `work` several times.
   */
  write<T>(work: (tx: SqlTransaction) => Promise<T>): Promise<T>;
  /** Reads what was committed before the call; never more than a page. SQL is in the notation of `SqlText`. */
  read(sql: string, parameters?: readonly unknown[]): Promise<readonly Row[]>;
  /** Reads entities outside any transaction. */
  entities<T>(find: (manager: EntityManager) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** Core passes transactions through as an opaque type; only the adapters of the database know the real one. */
export const sqlTransaction = (tx: Transaction): SqlTransaction => tx as SqlTransaction;
