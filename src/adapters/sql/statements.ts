import type { QueryRunner } from "typeorm";
import type { SqlDialect } from "./sql-dialect.js";
import type { Row, SqlTransaction } from "./sql-database.js";
import type { SqlText } from "./sql-text.js";

type RunQuery = (sql: string, parameters?: readonly unknown[], structured?: boolean) => Promise<unknown>;

/** What a query runner answers where it is asked for structure: the same for every driver and kind of statement. */
interface StructuredResult {
  readonly records?: readonly Row[];
}

/** Rows of a statement, whatever kind it is; without it, updates of PostgreSQL come as pairs. */
export async function rowsOf(
  runner: QueryRunner,
  sql: string,
  parameters: readonly unknown[],
): Promise<readonly Row[]> {
  const run = runner.query.bind(runner) as RunQuery;
  return ((await run(sql, [...parameters], true)) as StructuredResult).records ?? [];
}

/** What a transaction is made of, beside its statements. */
interface TransactionParts {
  readonly dialect: SqlDialect;
  readonly text: SqlText;
  readonly nowMs: number;
  readonly alone: (name: string) => Promise<void>;
}

/**
 * The statements of one transaction: none is run after one that failed. SQLite would run it in autocommit, PostgreSQL
 * would take the commit of a failed transaction for a rollback without a word.
 */
export class Statements {
  readonly #runner: QueryRunner;
  #underWay = 0;
  #failed: Error | undefined;

  constructor(runner: QueryRunner) {
    this.#runner = runner;
    const query = runner.query.bind(runner) as (...args: readonly unknown[]) => Promise<unknown>;
    // The entity manager's statements come through here, too.
    const guarded = (...args: readonly unknown[]) => this.#guard(String(args[0]), () => query(...args));
    runner.query = guarded as QueryRunner["query"];
  }

  transaction({ text, ...parts }: TransactionParts): SqlTransaction {
    // The brand that makes a transaction opaque to core exists in types only.
    return {
      ...parts,
      manager: this.#runner.manager,
      query: (sql: string, parameters: readonly unknown[] = []) => rowsOf(this.#runner, text.compile(sql), parameters),
    } as unknown as SqlTransaction;
  }

  /** A connection's runner may serve the next transaction, too. */
  over(): void {
    Reflect.deleteProperty(this.#runner, "query");
  }

  /** A transaction whose function passed over a failed statement must not be committed. */
  refuseFailed(): void {
    if (this.#failed) throw this.#failed;
  }

  async #guard(sql: string, run: () => Promise<unknown>): Promise<unknown> {
    if (/^rollback$/i.test(sql)) return run();
    this.refuseFailed();
    const writes = !/^\s*select\b/i.test(sql);
    if (writes && this.#underWay > 0)
      throw new Error("a change was given to a transaction before the last statement ended");
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
