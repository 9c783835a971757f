import { isObject, refuseNonBooleans, refuseWithoutMethods, shownKind } from "../core/operator/option-kinds.js";
import { invalidParameter } from "../core/errors.js";
import type { AssetmillOptions } from "../options.js";

const PLACES = {
  assets: "a URI such as folder:DIR, { dataSource } or an AssetRepository",
  store: "a URI such as sqlite:FILE, or { dataSource }",
  target: "a URI such as sqlite:FILE, { dataSource } or an AssetRepository",
} as const;
const REPOSITORY_METHODS = ["scan", "stat", "read", "apply", "results", "close"];
/** What is called of a lent DataSource at once. Its class is not compared: the host may have its own TypeORM. */
const DATA_SOURCE_METHODS = ["createQueryRunner", "hasMetadata", "getMetadata"];

/** Throws INVALID_PARAMETER, naming the option and what it must be, if one of the options is of a wrong kind. */
export function refuseWrongKinds(options: AssetmillOptions): void {
  refuseNonBooleans(options, ["builtIns", "autoStart", "watchdog", "throttle"]);
  refusePlace(options.assets, "assets");
  if (options.store !== undefined) refusePlace(options.store, "store");
  if (options.target !== undefined) refusePlace(options.target, "target");
  refusePlugins(options.plugins);
  if (options.logger !== undefined)
    refuseWithoutMethods(options.logger, "logger", "a winston logger", ["log", "warn", "error"]);
}

function refusePlace(place: unknown, field: keyof typeof PLACES): void {
  if (typeof place === "string") return;
  const what = PLACES[field];
  if (isObject(place) && "dataSource" in place) {
    const within = `${field}.dataSource`;
    const source = place.dataSource;
    refuseWithoutMethods(source, within, "a DataSource of TypeORM", DATA_SOURCE_METHODS);
    if (!isObject((source as { readonly options?: unknown }).options))
      throw invalidParameter(within, "must be a DataSource of TypeORM; it lacks options");
    return;
  }
  if (field === "store") throw invalidParameter(field, `must be ${what}, not ${shownKind(place)}`);
  refuseWithoutMethods(place, field, what, REPOSITORY_METHODS);
  if (typeof (place as { readonly identity?: unknown }).identity !== "string")
    throw invalidParameter(field, `must be ${what}; it lacks identity`);
}

function refusePlugins(plugins: unknown): void {
  if (plugins === undefined) return;
  if (!Array.isArray(plugins)) throw invalidParameter("plugins", `must be an array, not ${shownKind(plugins)}`);
  for (const [i, plugin] of (plugins as readonly unknown[]).entries()) {
    if (isObject(plugin)) continue;
    throw invalidParameter(`plugins[${i}]`, `must be a handler, a ContainerModule or a URL, not ${shownKind(plugin)}`);
  }
}
