import type { QueryRunner } from "typeorm";
import type { SqlDialect } from "./sql-dialect.js";
import type { Row, SqlTransaction } from "./sql-database.js";
import type { SqlText } from "./sql-text.js";

type RunQuery = (sql: string, parameters?: readonly unknown[], structured?: boolean) => Promise<unknown>;

/** A query runner's structured result: the same for every driver and kind of statement. */
interface StructuredResult {
  readonly records?: readonly Row[];
}

/** Runs a statement and returns its rows. TypeORM's plain result differs by kind: PostgreSQL's updates return pairs. */
export async function rowsOf(
  runner: QueryRunner,
  sql: string,
  parameters: readonly unknown[],
): Promise<readonly Row[]> {
  const run = runner.query.bind(runner) as RunQuery;
  return ((await run(sql, [...parameters], true)) as StructuredResult).records ?? [];
}

/** Everything in a transaction but its statements. */
interface TransactionParts {
  readonly dialect: SqlDialect;
  readonly text: SqlText;
  readonly nowMs: number;
  readonly lock: (name: string) => Promise<void>;
}

/**
 * Guards the statements of one transaction: after a failed one, none is run. SQLite might run it in autocommit mode, and
 * PostgreSQL silently turns the commit of a failed transaction into a rollback.
 */
export class Statements {
  readonly #runner: QueryRunner;
  #underWay = 0;
  #failed: Error | undefined;

  constructor(runner: QueryRunner) {
    this.#runner = runner;
    const query = runner.query.bind(runner) as (...args: readonly unknown[]) => Promise<unknown>;
    // The entity manager's statements pass through here, too.
    const guarded = (...args: readonly unknown[]) => this.#guard(String(args[0]), () => query(...args));
    runner.query = guarded as QueryRunner["query"];
  }

  transaction({ text, ...parts }: TransactionParts): SqlTransaction {
    // The brand that makes a transaction opaque to core exists only in types.
    return {
      ...parts,
      manager: this.#runner.manager,
      query: (sql: string, parameters: readonly unknown[] = []) => rowsOf(this.#runner, text.compile(sql), parameters),
    } as unknown as SqlTransaction;
  }

  /** Removes the guard: the runner may serve the next transaction. */
  detach(): void {
    Reflect.deleteProperty(this.#runner, "query");
  }

  /** Throws the first failure. Must be called before the commit: the transaction's function may have caught the error. */
  throwIfFailed(): void {
    if (this.#failed) throw this.#failed;
  }

  async #guard(sql: string, run: () => Promise<unknown>): Promise<unknown> {
    if (/^rollback$/i.test(sql)) return run();
    this.throwIfFailed();
    const writes = !/^\s*select\b/i.test(sql);
    if (writes && this.#underWay > 0)
      throw new Error("a transaction must not start a change before its previous statement has ended");
    this.#underWay++;
    try {
      return await run();
    } catch (error) {
      this.#failed ??= error as Error;
      throw error;
    } finally {
      this.#underWay--;
    }
  }
}
