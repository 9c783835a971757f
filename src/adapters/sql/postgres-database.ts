import { setTimeout as sleep } from "node:timers/promises";
import type { EntityManager, QueryRunner } from "typeorm";
import { DataSource } from "typeorm/data-source/DataSource.js";
import type { PostgresConnectionOptions } from "typeorm/driver/postgres/PostgresConnectionOptions.js";
import { invalidParameter } from "../../core/errors.js";
import { type EntityDefinition, entitySchema } from "./entity.js";
import { withoutQueryTimeout } from "./postgres-query-timeout.js";
import { isUpToDate, migrate, type Migration } from "./migrations.js";
import { postgresDialect } from "./postgres-dialect.js";
import { isBroken, isConflict, postgresError, postgresOpeningError } from "./postgres-errors.js";
import type { Row, SqlDatabase, SqlTransaction } from "./sql-database.js";
import { SqlText, type TablePlace } from "./sql-text.js";
import { rowsOf, Statements } from "./statements.js";

/** Defines our tables. */
interface Schema {
  readonly entities: readonly EntityDefinition[];
  /** In the order in which they run. */
  readonly migrations: readonly Migration[];
}

interface PostgresOptions extends TablePlace, Schema {
  /** `postgres://user:password@host:port/database`, with the driver's parameters if any. */
  readonly url: string;
  /** Maximum number of connections. @defaultValue 8 */
  readonly poolSize?: number;
  /** Open only a database that has our tables; do not create them in any other. @defaultValue false */
  readonly existing?: boolean;
  /** The option that names the database, for errors. @defaultValue store */
  readonly field?: string;
}

/** A DataSource that the host created and initialised, and will destroy. */
interface LentOptions extends TablePlace, Schema {
  readonly dataSource: DataSource;
}

const CONNECT_TIMEOUT_MS = 10_000;
/** Our statements touch one page at most: one that takes longer is waiting for another transaction. */
const STATEMENT_TIMEOUT_MS = 30_000;
const LOCK_TIMEOUT_MS = 20_000;
/** Enforced by the client: on a network that drops packets, the server's timeout never arrives. */
const QUERY_TIMEOUT_MS = STATEMENT_TIMEOUT_MS + 5_000;
/** A process that freezes inside a transaction loses its locks before its leases expire, so that others can take over in time. */
const IDLE_IN_TRANSACTION_MS = 8_000;
const CONFLICT_TRIES = 5;

/**
 * A PostgreSQL database, through our own connection pool or the host's. Transactions are READ COMMITTED: a statement sees
 * what was committed before it began. A transaction that needs a row to stay unchanged must lock it.
 */
export class PostgresDatabase implements SqlDatabase {
  readonly identity: string;
  readonly dialect = postgresDialect;
  readonly #source: DataSource;
  readonly #text: SqlText;
  readonly #lent: boolean;

  private constructor(source: DataSource, text: SqlText, identity: string, lent: boolean) {
    this.#source = source;
    this.#text = text;
    this.identity = identity;
    this.#lent = lent;
  }

  /** Connects and brings the schema up to date. Throws UNAVAILABLE if the server cannot be reached. */
  static async open(options: PostgresOptions): Promise<PostgresDatabase> {
    const { url, poolSize = 8 } = options;
    const text = new SqlText(options, true);
    const source = new DataSource({
      type: "postgres",
      url,
      entities: options.entities.map((entity) => entitySchema(entity, text)),
      applicationName: "assetmill",
      connectTimeoutMS: CONNECT_TIMEOUT_MS,
      poolSize,
      // The pool replaces a broken idle connection when the next one is needed.
      poolErrorHandler: () => {},
      installExtensions: false,
      extra: {
        statement_timeout: STATEMENT_TIMEOUT_MS,
        query_timeout: QUERY_TIMEOUT_MS,
        idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
        keepAlive: true,
      },
    });
    try {
      await source.initialize();
      const database = new PostgresDatabase(source, text, postgresIdentity(url, options), false);
      if (options.existing) await database.#refuseEmpty(options.field ?? "store");
      await database.#bringUpToDate(options.migrations);
      return database;
    } catch (error) {
      if (source.isInitialized) await source.destroy();
      throw postgresOpeningError(error, postgresIdentity(url, options));
    }
  }

  /**
   * Uses the host's DataSource with its pool and logger. It must be initialised and its `entities` must include
   * `assetmillEntities()`; the host destroys it. TypeORM 0.3 or 1.x.
   */
  static async lend(options: LentOptions): Promise<PostgresDatabase> {
    const { dataSource } = options;
    const text = new SqlText(options, true);
    if (dataSource.options.type !== "postgres") {
      throw invalidParameter(
        "store",
        `the DataSource is of type "${dataSource.options.type}"; only PostgreSQL can be shared (for SQLite, give the file's name)`,
      );
    }
    if (!dataSource.isInitialized)
      throw invalidParameter("store", "the DataSource is not initialised; call initialize() first");
    for (const { target, table } of options.entities) {
      const found = dataSource.hasMetadata(target) ? dataSource.getMetadata(target).tablePath : undefined;
      const wanted = [text.schema, `${text.prefix}${table}`].filter(Boolean).join(".");
      if (found === wanted) continue;
      const problem =
        found === undefined
          ? `lacks the entity ${target.name}`
          : `maps ${target.name} to ${found} instead of ${wanted}`;
      throw invalidParameter(
        "store",
        `the DataSource ${problem}; add ...assetmillEntities({ schema, prefix }) to its entities`,
      );
    }
    try {
      const database = new PostgresDatabase(dataSource, text, lentIdentity(dataSource, options), true);
      await database.#bringUpToDate(options.migrations);
      return database;
    } catch (error) {
      throw postgresOpeningError(error, lentIdentity(dataSource, options));
    }
  }

  async write<T>(work: (tx: SqlTransaction) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#transaction(work);
      } catch (error) {
        // The server rolled this transaction back to resolve a conflict: nothing was stored.
        if (!isConflict(error) || attempt === CONFLICT_TRIES) throw error;
        await sleep(Math.random() * 20 * 2 ** attempt);
      }
    }
  }

  #transaction<T>(work: (tx: SqlTransaction) => Promise<T>): Promise<T> {
    return this.#with(async (runner) => {
      await runner.startTransaction("READ COMMITTED");
      const statements = new Statements(runner);
      try {
        const nowMs = await this.#begin(runner);
        const lock = async (name: string): Promise<void> => {
          await rowsOf(runner, "select pg_advisory_xact_lock(hashtext($1), hashtext($2))", [
            this.#text.table("lock"),
            name,
          ]);
        };
        const result = await work(statements.transaction({ dialect: postgresDialect, text: this.#text, nowMs, lock }));
        statements.throwIfFailed();
        await runner.commitTransaction();
        return result;
      } catch (error) {
        // Over a broken connection no rollback can be sent; the server rolls back when it notices.
        if (!isBroken(error) && runner.isTransactionActive) await runner.rollbackTransaction();
        throw error;
      } finally {
        statements.detach();
      }
    });
  }

  read(sql: string, parameters: readonly unknown[] = []): Promise<readonly Row[]> {
    return this.#with((runner) => rowsOf(runner, this.#text.compile(sql), parameters));
  }

  entities<T>(find: (manager: EntityManager) => Promise<T>): Promise<T> {
    return this.#with((runner) => find(runner.manager));
  }

  async close(): Promise<void> {
    if (!this.#lent) await this.#source.destroy();
  }

  /** Returns the database's time and sets the timeouts, also on connections of a host's pool: one round trip. */
  async #begin(runner: QueryRunner): Promise<number> {
    const [clock] = await rowsOf(
      runner,
      `select ${postgresDialect.now} as now, set_config('lock_timeout', '${LOCK_TIMEOUT_MS}', true),
         set_config('statement_timeout', '${STATEMENT_TIMEOUT_MS}', true),
         set_config('idle_in_transaction_session_timeout', '${IDLE_IN_TRANSACTION_MS}', true)`,
      [],
    );
    return Number(clock?.now);
  }

  /** Runs `work` with a connection. A broken one is removed from the pool, so that no one else gets it. */
  async #with<T>(work: (runner: QueryRunner) => Promise<T>): Promise<T> {
    const runner = this.#source.createQueryRunner();
    let broken: Error | undefined;
    try {
      return await work(runner);
    } catch (error) {
      if (isBroken(error)) broken = error as Error;
      throw postgresError(error, this.identity);
    } finally {
      await giveBack(runner, broken);
    }
  }

  async #refuseEmpty(field: string): Promise<void> {
    const [row] = await this.read("select to_regclass(?) is not null as there", [this.#text.table("migration")]);
    if (row?.there !== true)
      throw invalidParameter(field, `no ${field} found in ${this.identity}; check the URI, its schema and prefix`);
  }

  async #bringUpToDate(migrations: readonly Migration[]): Promise<void> {
    const text = this.#text;
    await this.#with(async (runner) => {
      if (await isUpToDate(runner, text, postgresDialect, migrations)) return;
      const restore = await withoutQueryTimeout(runner);
      try {
        await runner.startTransaction("READ COMMITTED");
        // An index of a large table takes minutes, and so does waiting for the node that builds it.
        await rowsOf(
          runner,
          "select set_config('statement_timeout', '0', true), set_config('idle_in_transaction_session_timeout', '0', true)",
          [],
        );
        // Serialises nodes that start at the same time.
        await rowsOf(runner, "select pg_advisory_xact_lock(hashtext($1), hashtext('migration'))", [text.table("lock")]);
        if (text.schema !== undefined) await rowsOf(runner, `create schema if not exists "${text.schema}"`, []);
        if (!(await isUpToDate(runner, text, postgresDialect, migrations)))
          await migrate(runner, text, postgresDialect, migrations);
        await runner.commitTransaction();
      } catch (error) {
        if (!isBroken(error) && runner.isTransactionActive) await runner.rollbackTransaction();
        throw error;
      } finally {
        restore();
      }
    });
  }
}

/** The method by which TypeORM reports an error to the pool. Its typings omit it; 0.3 and 1.x both have it. */
interface PoolRunner {
  readonly releasePostgresConnection?: (error?: Error) => Promise<void>;
}

async function giveBack(runner: QueryRunner, broken: Error | undefined): Promise<void> {
  const { releasePostgresConnection: release } = runner as PoolRunner;
  if (broken && release) await release.call(runner, broken);
  else if (!runner.isReleased) await runner.release();
}

/** Returns `postgres://host:port/database?schema=…`, without user and connection parameters. */
export function postgresIdentity(url: string, place: TablePlace): string {
  const { hostname, port, pathname } = new URL(url);
  return `postgres://${hostname}:${port || "5432"}${pathname}${placeQuery(place)}`;
}

function lentIdentity({ options }: DataSource, place: TablePlace): string {
  const { url, host = "localhost", port = 5432, database = "" } = options as PostgresConnectionOptions;
  return postgresIdentity(url ?? `postgres://${host}:${port}/${encodeURIComponent(String(database))}`, place);
}

function placeQuery({ schema, prefix }: TablePlace): string {
  const query = new URLSearchParams({ ...(schema ? { schema } : {}), ...(prefix ? { prefix } : {}) }).toString();
  return query === "" ? "" : `?${query}`;
}
