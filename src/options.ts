import type { ContainerModule } from "inversify";
import type { Logger } from "winston";
import { ENGINE_DEFAULTS, type EngineOptions } from "./core/engine/options.js";
import { invalidParameter } from "./core/errors.js";
import type { AssetHandler } from "./core/ports/asset-handler.js";
import type { AssetRepository } from "./core/ports/asset-repository.js";
import type { PathRules } from "./core/skip-rules.js";
import type { HttpOptions } from "./http/index.js";

/** A handler, or an inversify module that binds handlers under ASSET_HANDLER. */
export type Plugin = AssetHandler | ContainerModule;

/** What `createAssetmill` may be told. */
export interface AssetmillOptions {
  /** Where the assets live: `folder:DIR[?mount=/content/dam/x]`, or a repository of the host's own. */
  readonly assets: string | AssetRepository;
  /** Where jobs live: `sqlite:FILE`. @defaultValue `sqlite:assetmill.sqlite` in the working folder */
  readonly store?: string;
  /** Handlers beside the built-in ones, in the order in which they are to run. @defaultValue none */
  readonly plugins?: readonly Plugin[];
  /** The handlers that come with assetmill. @defaultValue true */
  readonly builtIns?: boolean;
  /** Assets in flight, in this process. @defaultValue 8 */
  readonly concurrency?: number;
  /** Assets claimed and committed together. @defaultValue 500 */
  readonly chunkSize?: number;
  /** Lease times, deadlines, retries and the like. @defaultValue see `EngineOptions` */
  readonly engine?: Partial<EngineOptions>;
  /** Which paths are processed at all. @defaultValue everything but translation output */
  readonly pathRules?: PathRules;
  /** False: starting or resuming a job starts no worker here; only `start()` does. @defaultValue true */
  readonly autoStart?: boolean;
  /** The HTTP API. @defaultValue a generated token, see `Assetmill.token` */
  readonly http?: Partial<HttpOptions>;
  /** The host's winston logger. @defaultValue warnings and errors on standard error */
  readonly logger?: Logger;
}

/** Engine options with nothing left open; a value that cannot be is refused, naming its option. */
export function resolveEngineOptions(options: AssetmillOptions): EngineOptions {
  const { concurrency, chunkSize } = options;
  const resolved: EngineOptions = {
    ...ENGINE_DEFAULTS,
    ...options.engine,
    ...(concurrency === undefined ? {} : { concurrency }),
    ...(chunkSize === undefined ? {} : { chunkSize }),
  };
  for (const [name, value] of Object.entries(resolved)) {
    const least = name === "drainMs" || name === "retryDelayMs" ? 0 : 1;
    if (!Number.isFinite(value) || value < least) throw invalidParameter(name, `must be a number from ${least} on`);
  }
  for (const [name, most] of [
    ["concurrency", 1_000],
    ["chunkSize", 10_000],
    ["tries", 100],
  ] as const) {
    const value = resolved[name];
    if (!Number.isInteger(value) || value > most)
      throw invalidParameter(name, `must be a whole number from 1 to ${most}`);
  }
  if (resolved.renewEveryMs * 2 > resolved.leaseTtlMs) {
    throw invalidParameter("renewEveryMs", "must be at most half of leaseTtlMs");
  }
  return resolved;
}
