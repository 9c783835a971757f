import type { ContainerModule } from "inversify";
import type { DataSource } from "typeorm";
import type { Logger } from "winston";
import { checkEngineOptions, ENGINE_DEFAULTS, type EngineOptions } from "./core/engine/options.js";
import { invalidParameter } from "./core/errors.js";
import { type NamesOf, refuseUnknownOptions } from "./core/operator/unknown-name.js";
import type { AssetHandler } from "./core/ports/asset-handler.js";
import type { AssetRepository } from "./core/ports/asset-repository.js";
import type { PathRules } from "./core/asset/skip-rules.js";
import type { HttpOptions } from "./http/index.js";

export { ENGINE_DEFAULTS } from "./core/engine/options.js";

/**
 * A handler, an inversify module that binds handlers under ASSET_HANDLER, or the URL of an ES module whose default export
 * is one of these or an array of them. Pass handlers with `thread` by URL: their thread loads the module itself.
 */
export type Plugin = AssetHandler | ContainerModule | URL;

/** A host's own DataSource for PostgreSQL, and where to keep our tables in it. */
export interface DatabaseLoan {
  /** Initialised, with `assetmillEntities()` among its entities, of TypeORM 0.3 or 1.x. The host destroys it. */
  readonly dataSource: DataSource;
  /** Created if missing. @defaultValue the first schema of the connection's search path */
  readonly schema?: string;
  /** Prefix of our table names. @defaultValue `assetmill_` */
  readonly prefix?: string;
}

/** Options of `createAssetmill`. */
export interface AssetmillOptions {
  /**
   * Where the assets are: `folder:DIR[?mount=/content/dam/x&hidden=true]`, `sqlite:FILE`, `postgres://…`,
   * `jcr+http(s)://…`, a database that the host lends, or the host's own repository.
   */
  readonly assets: string | DatabaseLoan | AssetRepository;
  /**
   * Where jobs are kept: `sqlite:FILE`, `postgres://…`, or a database that the host lends. If it is the database of the
   * assets, results and outcomes commit in one transaction.
   * @defaultValue the database of `assets` if they are in one, else `sqlite:assetmill.sqlite` in the working folder
   */
  readonly store?: string | DatabaseLoan;
  /**
   * Where JCR_TO_DB_MIGRATION writes to: a database, or the host's own repository if it can store assets. Without it, this
   * job type does not exist.
   */
  readonly target?: string | DatabaseLoan | AssetRepository;
  /** Additional handlers, in the order in which they run, after the built-in ones. @defaultValue none */
  readonly plugins?: readonly Plugin[];
  /** Whether the built-in handlers run. @defaultValue true */
  readonly builtIns?: boolean;
  /** Assets processed at once in this process; takes precedence over `engine.concurrency`. @defaultValue 8 */
  readonly concurrency?: number;
  /** See `EngineOptions.chunkSize`, over which it goes. @defaultValue 500 */
  readonly chunkSize?: number;
  /** Lease times, deadlines, retries and the like. @defaultValue see `EngineOptions` */
  readonly engine?: Partial<EngineOptions>;
  /** Which paths are processed and which are skipped. @defaultValue all but translation output */
  readonly pathRules?: PathRules;
  /** Whether starting or resuming a job starts the worker. If false, only `start()` does. @defaultValue true */
  readonly autoStart?: boolean;
  /**
   * Most jobs of the store that may be active at once, of whatever repository: WAITING, PROCESSING, CANCELLING or PAUSED. A
   * start or resume beyond is refused with TOO_MANY_JOBS. @defaultValue 10,000
   */
  readonly maxActiveJobs?: number;
  /**
   * How long ended jobs are kept: `days` after their end, and at most the newest `jobs`. A job is kept as long as a restart
   * or retry of it exists. An idempotency key is deleted with its job.
   * @defaultValue all jobs, for ever
   */
  readonly retention?: { readonly days?: number; readonly jobs?: number };
  /**
   * Kills this process with SIGKILL once a handler has blocked its main thread for longer than `engine.deadlineMs`, so that
   * the work continues elsewhere. Use it only in a process of assetmill's own, not inside an app. @defaultValue false
   */
  readonly watchdog?: boolean;
  /**
   * Whether to work on fewer assets at once while this process is overloaded. The thresholds are `engine.throttle…`.
   * @defaultValue true
   */
  readonly throttle?: boolean;
  /** Options of the HTTP API. @defaultValue callers need a generated token, see `Assetmill.token` */
  readonly http?: Partial<HttpOptions>;
  /** The host's winston logger. @defaultValue warnings and errors on standard error */
  readonly logger?: Logger;
}

const OPTIONS: NamesOf<Required<AssetmillOptions>> = {
  assets: true,
  store: true,
  target: true,
  plugins: true,
  builtIns: true,
  concurrency: true,
  chunkSize: true,
  engine: true,
  pathRules: true,
  autoStart: true,
  maxActiveJobs: true,
  retention: true,
  watchdog: true,
  throttle: true,
  http: true,
  logger: true,
};
const LOAN: NamesOf<Required<DatabaseLoan>> = { dataSource: true, schema: true, prefix: true };
const RETENTION: NamesOf<Required<NonNullable<AssetmillOptions["retention"]>>> = { days: true, jobs: true };
const PATH_RULES: NamesOf<Required<PathRules>> = { enabled: true, ignored: true };
const ENGINE = Object.fromEntries(Object.keys(ENGINE_DEFAULTS).map((name) => [name, true as const]));

/**
 * Throws INVALID_PARAMETER, naming the option and the nearest known one, if these or the nested options contain an unknown
 * one. A repository or a handler of the host is no option, and may have properties of its own. `http` has its own check.
 */
export function refuseUnknownNames(options: AssetmillOptions): void {
  refuseUnknownOptions(options, OPTIONS);
  const { engine, pathRules, retention } = options;
  if (engine !== undefined) refuseUnknownOptions(engine, ENGINE, "engine");
  if (pathRules !== undefined) refuseUnknownOptions(pathRules, PATH_RULES, "pathRules");
  if (retention !== undefined) refuseUnknownOptions(retention, RETENTION, "retention");
  for (const field of ["assets", "store", "target"] as const) {
    const place: unknown = options[field];
    if (typeof place !== "object" || place === null) continue;
    if (field === "store" || "dataSource" in place) refuseUnknownOptions(place, LOAN, field);
  }
}

/** Throws INVALID_PARAMETER if a retention limit is invalid. */
export function checkRetention({ retention = {} }: AssetmillOptions): void {
  const { days, jobs } = retention;
  if (days !== undefined && !(Number.isFinite(days) && days > 0))
    throw invalidParameter("retention.days", `must be a number of days, more than 0; got ${days}`);
  if (jobs !== undefined && !(Number.isSafeInteger(jobs) && jobs >= 0))
    throw invalidParameter("retention.jobs", `must be an integer, 0 or more; got ${jobs}`);
}

/** Throws INVALID_PARAMETER if the limit of active jobs is invalid. */
export function checkMaxActiveJobs({ maxActiveJobs: most }: AssetmillOptions): void {
  if (most !== undefined && !(Number.isSafeInteger(most) && most > 0))
    throw invalidParameter("maxActiveJobs", `must be an integer, 1 or more; got ${most}`);
}

/** Applies the defaults of the engine. Throws INVALID_PARAMETER naming the invalid option. */
export function resolveEngineOptions(options: AssetmillOptions): EngineOptions {
  const { concurrency, chunkSize } = options;
  return checkEngineOptions({
    ...ENGINE_DEFAULTS,
    ...options.engine,
    ...(concurrency === undefined ? {} : { concurrency }),
    ...(chunkSize === undefined ? {} : { chunkSize }),
  });
}
