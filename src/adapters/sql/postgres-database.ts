import { setTimeout as sleep } from "node:timers/promises";
import { DataSource, type EntityManager, type QueryRunner } from "typeorm";
import type { PostgresConnectionOptions } from "typeorm/driver/postgres/PostgresConnectionOptions.js";
import { invalidParameter } from "../../core/errors.js";
import { type EntityDefinition, entitySchema } from "./entity.js";
import { isUpToDate, migrate, type Migration } from "./migrations.js";
import { postgresDialect } from "./postgres-dialect.js";
import { isBroken, isStandoff, postgresError, postgresOpeningError } from "./postgres-errors.js";
import type { Row, SqlDatabase, SqlTransaction } from "./sql-database.js";
import { SqlText, type TablePlace } from "./sql-text.js";
import { rowsOf, Statements } from "./statements.js";

/** What our tables are made of. */
interface Schema {
  readonly entities: readonly EntityDefinition[];
  /** In order. */
  readonly migrations: readonly Migration[];
}

export interface PostgresOptions extends TablePlace, Schema {
  /** `postgres://user:password@host:port/database`, with the driver's own parameters. */
  readonly url: string;
  /** Connections at most. @defaultValue 8 */
  readonly poolSize?: number;
  /** True: only a database that has our tables is opened; nothing is made in any other. @defaultValue false */
  readonly existing?: boolean;
}

/** A DataSource that the host made, initialised, and will destroy. */
export interface LentOptions extends TablePlace, Schema {
  readonly dataSource: DataSource;
}

const CONNECT_TIMEOUT_MS = 10_000;
/** A statement of ours touches a page: what takes longer waits for somebody. */
const STATEMENT_TIMEOUT_MS = 30_000;
const LOCK_TIMEOUT_MS = 20_000;
/** Of the client: a network that swallows packets answers nothing at all. */
const QUERY_TIMEOUT_MS = STATEMENT_TIMEOUT_MS + 5_000;
/** A process that froze amid a transaction lets go of its rows before its leases run out: others go on in time. */
const IDLE_IN_TRANSACTION_MS = 8_000;
const STANDOFF_TRIES = 5;

/**
 * A PostgreSQL database, by a pool of connections of our own or of the host's. Transactions are READ COMMITTED, so that a
 * statement sees what was committed before it began; whoever needs a row to stay as it is holds it.
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

  /** Connects and brings the schema up to date. UNAVAILABLE where the server is not reached. */
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
      // An idle connection that breaks is replaced by the next that is wanted.
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
      if (options.existing) await database.#refuseEmpty();
      await database.#bringUpToDate(options.migrations);
      return database;
    } catch (error) {
      if (source.isInitialized) await source.destroy();
      throw postgresOpeningError(error, postgresIdentity(url, options));
    }
  }

  /**
   * Works through the host's DataSource: its pool, its logger. Its `entities` must hold `assetmillEntities()`, and it must
   * be initialised; it stays the host's to destroy. TypeORM 0.3 or 1.x.
   */
  static async lend(options: LentOptions): Promise<PostgresDatabase> {
    const { dataSource } = options;
    const text = new SqlText(options, true);
    if (dataSource.options.type !== "postgres") {
      throw invalidParameter(
        "store",
        "a DataSource that is lent must be one of PostgreSQL; name a SQLite file instead",
      );
    }
    if (!dataSource.isInitialized) throw invalidParameter("store", "the DataSource that is lent is not initialised");
    for (const { target, table } of options.entities) {
      const found = dataSource.hasMetadata(target) ? dataSource.getMetadata(target).tablePath : undefined;
      const wanted = [text.schema, `${text.prefix}${table}`].filter(Boolean).join(".");
      if (found === wanted) continue;
      const how = found === undefined ? "lacks the entity" : `has it at ${found}, not at ${wanted}:`;
      throw invalidParameter(
        "store",
        `the DataSource that is lent ${how} ${target.name}: add ...assetmillEntities({ schema, prefix }) to its entities`,
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
        // One of those that stood in each other's way was chosen to go back: it was not stored.
        if (!isStandoff(error) || attempt === STANDOFF_TRIES) throw error;
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
        const alone = async (name: string): Promise<void> => {
          await rowsOf(runner, "select pg_advisory_xact_lock(hashtext($1), hashtext($2))", [
            this.#text.table("lock"),
            name,
          ]);
        };
        const result = await work(statements.transaction({ dialect: postgresDialect, text: this.#text, nowMs, alone }));
        statements.refuseFailed();
        await runner.commitTransaction();
        return result;
      } catch (error) {
        // Nothing can be said through a broken connection; the server rolls back when it notices.
        if (!isBroken(error) && runner.isTransactionActive) await runner.rollbackTransaction();
        throw error;
      } finally {
        statements.over();
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

  /** Limits for a lent pool's connections, too, and the clock: one round trip. */
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

  /** A connection for a while. One that broke is not given back to the pool: it would answer the next who takes it. */
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

  async #refuseEmpty(): Promise<void> {
    const [row] = await this.read("select to_regclass(?) is not null as there", [this.#text.table("migration")]);
    if (row?.there !== true) throw invalidParameter("store", `there is no store in ${this.identity}`);
  }

  async #bringUpToDate(migrations: readonly Migration[]): Promise<void> {
    const text = this.#text;
    await this.#with(async (runner) => {
      if (await isUpToDate(runner, text, postgresDialect, migrations)) return;
      await runner.startTransaction("READ COMMITTED");
      try {
        // Two nodes that start at once migrate one after the other.
        await rowsOf(runner, "select pg_advisory_xact_lock(hashtext($1), hashtext('migration'))", [text.table("lock")]);
        if (text.schema !== undefined) await rowsOf(runner, `create schema if not exists "${text.schema}"`, []);
        if (!(await isUpToDate(runner, text, postgresDialect, migrations)))
          await migrate(runner, text, postgresDialect, migrations);
        await runner.commitTransaction();
      } catch (error) {
        if (!isBroken(error) && runner.isTransactionActive) await runner.rollbackTransaction();
        throw error;
      }
    });
  }
}

/** TypeORM tells the pool of an error by this method, which its types leave out; 0.3 and 1.x both have it. */
interface PoolRunner {
  readonly releasePostgresConnection?: (error?: Error) => Promise<void>;
}

async function giveBack(runner: QueryRunner, broken: Error | undefined): Promise<void> {
  const { releasePostgresConnection: release } = runner as PoolRunner;
  if (broken && release) await release.call(runner, broken);
  else if (!runner.isReleased) await runner.release();
}

/** `postgres://host:port/database?schema=…`: who connects, and how, does not matter. */
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
