import { invalidParameter } from "../core/errors.js";
import { isNearMiss, type NamesOf } from "../core/operator/unknown-name.js";
import type { AssetHandler } from "../core/ports/asset-handler.js";

const METHODS: NamesOf<Required<Pick<AssetHandler, "process" | "accepts">>> = { process: true, accepts: true };
const VALUES: NamesOf<Required<Omit<AssetHandler, keyof typeof METHODS>>> = {
  name: true,
  version: true,
  types: true,
  thread: true,
  writes: true,
};

/** Whether it is a value for `thread`, and an object has no other property: one that is mistyped would be ignored. */
function isThreadUse(thread: unknown): boolean {
  if (typeof thread === "boolean") return true;
  if (typeof thread !== "object" || thread === null) return false;
  const { overBytes, batches = false, ...others } = thread as Readonly<Record<string, unknown>>;
  if (typeof overBytes !== "number" || typeof batches !== "boolean") return false;
  return overBytes >= 0 && Object.keys(others).length === 0;
}

/**
 * Throws INVALID_PARAMETER for a property whose name is a mistyped one of a handler's: `thred: true` would run in the main
 * thread. A handler may have properties and methods of its own; only those of a plain object are checked, because those of
 * a class are its own business.
 */
export function refuseMistypedKeys(handler: AssetHandler): void {
  const { name } = handler;
  if (handler.writes !== undefined && typeof handler.writes !== "boolean")
    throw invalidParameter("plugins", `handler ${name}: writes must be true or false`);
  if (handler.thread !== undefined && !isThreadUse(handler.thread))
    throw invalidParameter(
      "plugins",
      `handler ${name}: thread must be true, false or { overBytes: a number from 0 }, with batches: true or false if wanted`,
    );
  if (handler.accepts !== undefined && typeof handler.accepts !== "function")
    throw invalidParameter("plugins", `handler ${name}: accepts must be a function`);
  const prototype: unknown = Object.getPrototypeOf(handler);
  if (prototype !== Object.prototype && prototype !== null) return;
  for (const [key, value] of Object.entries(handler)) {
    if (key in METHODS || key in VALUES) continue;
    const meant = Object.keys(typeof value === "function" ? METHODS : VALUES).find((known) => isNearMiss(key, known));
    if (meant !== undefined)
      throw invalidParameter(
        "plugins",
        `handler ${name}: unknown property ${key}; did you mean ${JSON.stringify(meant)}?`,
      );
  }
}
