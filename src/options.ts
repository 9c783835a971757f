import type { ContainerModule } from "inversify";
import type { DataSource } from "typeorm";
import type { Logger } from "winston";
import { checkEngineOptions, ENGINE_DEFAULTS, type EngineOptions } from "./core/engine/options.js";
import { invalidParameter } from "./core/errors.js";
import type { AssetHandler } from "./core/ports/asset-handler.js";
import type { AssetRepository } from "./core/ports/asset-repository.js";
import type { PathRules } from "./core/asset/skip-rules.js";
import type { HttpOptions } from "./http/index.js";

export { ENGINE_DEFAULTS } from "./core/engine/options.js";

/**
 * A handler, an inversify module that binds handlers under ASSET_HANDLER, or the URL of an ES module whose default export
 * is one of these or a list of them. Handlers with `thread: true` come by URL: their thread loads the module anew.
 */
export type Plugin = AssetHandler | ContainerModule | URL;

/** A host's own DataSource of PostgreSQL, and where in it our tables are to stand. */
export interface DatabaseLoan {
  /** Initialised, with `assetmillEntities()` among its entities; stays the host's to destroy. TypeORM 0.3 or 1.x. */
  readonly dataSource: DataSource;
  /** Made where it is missing. @defaultValue the first of the connection's search path */
  readonly schema?: string;
  /** @defaultValue `assetmill_` */
  readonly prefix?: string;
}

/** What `createAssetmill` may be told. */
export interface AssetmillOptions {
  /**
   * Where the assets live: `folder:DIR[?mount=/content/dam/x]`, `sqlite:FILE`, `postgres://…`, `jcr+http(s)://…`, a
   * database that the host lends, or a repository of the host's own.
   */
  readonly assets: string | DatabaseLoan | AssetRepository;
  /**
   * Where jobs live: `sqlite:FILE`, `postgres://…`, or a database that the host lends. In the database of the assets,
   * results and checkpoints commit together.
   * @defaultValue the database of `assets` where that is one, else `sqlite:assetmill.sqlite` in the working folder
   */
  readonly store?: string | DatabaseLoan;
  /**
   * Where JCR_TO_DB_MIGRATION writes: a database, or a repository of the host's own that takes assets in. Without it there
   * is no such job type.
   */
  readonly target?: string | DatabaseLoan | AssetRepository;
  /** Handlers beside the built-in ones, in the order in which they are to run. @defaultValue none */
  readonly plugins?: readonly Plugin[];
  /** The handlers that come with assetmill. @defaultValue true */
  readonly builtIns?: boolean;
  /** See `EngineOptions.concurrency`, over which it goes. @defaultValue 8 */
  readonly concurrency?: number;
  /** See `EngineOptions.chunkSize`, over which it goes. @defaultValue 500 */
  readonly chunkSize?: number;
  /** Lease times, deadlines, retries and the like. @defaultValue see `EngineOptions` */
  readonly engine?: Partial<EngineOptions>;
  /** Which paths are processed at all. @defaultValue everything but translation output */
  readonly pathRules?: PathRules;
  /** False: starting or resuming a job starts no worker here; only `start()` does. @defaultValue true */
  readonly autoStart?: boolean;
  /**
   * Which ended jobs are kept: for so many days, and so many of the newest. A job that another one was
   * restarted from, or retries the failures of, is kept as long as that one; an idempotency key goes with its job.
   * @defaultValue all, for ever
   */
  readonly retention?: { readonly days?: number; readonly jobs?: number };
  /**
   * True: ends this process with SIGKILL once a handler has held up its main thread for longer than `engine.deadlineMs`,
   * so that the work goes on elsewhere. For processes of assetmill's own, not inside an app. @defaultValue false
   */
  readonly watchdog?: boolean;
  /**
   * False: works at full speed however this process is doing. From when on it is unwell is told by `engine.throttle…`.
   * @defaultValue true
   */
  readonly throttle?: boolean;
  /** The HTTP API. @defaultValue a generated token, see `Assetmill.token` */
  readonly http?: Partial<HttpOptions>;
  /** The host's winston logger. @defaultValue warnings and errors on standard error */
  readonly logger?: Logger;
}

/** INVALID_PARAMETER where a limit of the retention cannot be one. */
export function checkRetention({ retention = {} }: AssetmillOptions): void {
  const { days, jobs } = retention;
  if (days !== undefined && !(Number.isFinite(days) && days > 0))
    throw invalidParameter("retention.days", `must be a number of days, more than 0, not ${days}`);
  if (jobs !== undefined && !(Number.isSafeInteger(jobs) && jobs >= 0))
    throw invalidParameter("retention.jobs", `must be a whole number from 0 on, not ${jobs}`);
}

/** Engine options with nothing left open; a value that cannot be is refused, naming its option. */
export function resolveEngineOptions(options: AssetmillOptions): EngineOptions {
  const { concurrency, chunkSize } = options;
  return checkEngineOptions({
    ...ENGINE_DEFAULTS,
    ...options.engine,
    ...(concurrency === undefined ? {} : { concurrency }),
    ...(chunkSize === undefined ? {} : { chunkSize }),
  });
}
