import type { AssetReference, HandlerResult, PropertyValue } from "../../asset/handler-result.js";
import { checkResult } from "../../asset/handler-result.js";
import { ResultSize } from "../../asset/result-size.js";
import { WarningList } from "../../asset/warning-list.js";
import type { AssetHandler, HandlerReturn } from "../../ports/asset-handler.js";
import { clip } from "../../asset/clip.js";

/** Merged results of all handlers of one asset. Most handlers return little, so empty values are shared objects. */
export class MergedResults {
  /** Number of handlers that accepted the asset and did not skip it. */
  succeeded = 0;
  /** The first handler that skipped the asset, and why. */
  skipped: { readonly handler: string; readonly reason: string } | undefined;
  /** Whether a handler that ran stores results with the asset. */
  writes = false;
  versions: Readonly<Record<string, string>> = EMPTY;
  properties: Readonly<Record<string, PropertyValue>> = EMPTY;
  references: Readonly<Record<string, readonly AssetReference[]>> = EMPTY;
  #warnings: WarningList | undefined;
  #size: ResultSize | undefined;

  /** The first warnings about the asset. */
  get warnings(): readonly string[] {
    return this.#warnings?.kept ?? NO_WARNINGS;
  }

  /** About how much memory the results take. */
  get bytes(): number {
    return this.#size?.bytes ?? 0;
  }

  /** Number of further warnings. */
  get moreWarnings(): number {
    return this.#warnings?.more ?? 0;
  }

  /** Adds a handler's result. Throws if it is not a HandlerResult, and RESULT_TOO_LARGE if all together exceed the limits. */
  add(handler: AssetHandler, returned: HandlerReturn): void {
    const result = returned === undefined ? NOTHING : checkResult(returned);
    this.succeeded++;
    this.ran(handler);
    if (result === NOTHING) return;
    (this.#size ??= new ResultSize()).addResult(result);
    if (result.properties) this.properties = { ...this.properties, ...result.properties };
    if (result.references) this.references = { ...this.references, [handler.name]: result.references };
    if (result.warnings || result.moreWarnings) (this.#warnings ??= new WarningList()).addOf(result);
  }

  /** Adds a warning of the engine. */
  warn(message: string): void {
    (this.#warnings ??= new WarningList()).add(message);
  }

  skip(handler: AssetHandler, reason: string): void {
    this.skipped ??= { handler: handler.name, reason: clip(reason) };
    this.ran(handler);
  }

  /** Records that a handler accepted the asset. */
  ran(handler: AssetHandler): void {
    this.writes ||= handler.writes !== false;
    this.versions =
      this.versions === EMPTY ? versionOf(handler) : { ...this.versions, [handler.name]: handler.version };
  }
}

const EMPTY = Object.freeze({});
export const NO_WARNINGS: readonly string[] = Object.freeze([]);
const NOTHING: HandlerResult = Object.freeze({});
const VERSIONS = new WeakMap<AssetHandler, Readonly<Record<string, string>>>();

/** Returns the same object for every asset that only this handler processed. */
function versionOf(handler: AssetHandler): Readonly<Record<string, string>> {
  let versions = VERSIONS.get(handler);
  if (!versions) {
    versions = Object.freeze({ [handler.name]: handler.version });
    VERSIONS.set(handler, versions);
  }
  return versions;
}
