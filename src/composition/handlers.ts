import type { Container } from "inversify";
import { availableParallelism } from "node:os";
import { asModule, importPlugin } from "../adapters/threads/plugin-modules.js";
import type { EngineOptions } from "../core/engine/options.js";
import { invalidParameter } from "../core/errors.js";
import { type AssetHandler, runsInBatches } from "../core/ports/asset-handler.js";
import type { HandlerThreads } from "../core/ports/handler-threads.js";
import type { AssetmillOptions } from "../options.js";
import { refuseMistypedKeys } from "./handler-keys.js";
import { ASSET_HANDLER } from "./tokens.js";

/** Returns whether `loadHandlers` may throw: the built-in handlers alone are fine. */
export const mayBeRefused = ({ plugins = [], builtIns = true }: AssetmillOptions): boolean =>
  plugins.length > 0 || !builtIns;

/** Loads the built-in handlers, then the host's plugins in the order given. Throws INVALID_PARAMETER if there are none. */
export async function loadHandlers(
  container: Container,
  { plugins = [], builtIns = true, target }: AssetmillOptions,
): Promise<void> {
  if (builtIns) await container.loadAsync((await import("../plugins/dita/index.js")).ditaModule);
  for (const plugin of plugins) {
    await container.loadAsync(...(plugin instanceof URL ? await importPlugin(plugin.href) : [asModule(plugin)]));
  }
  if (target === undefined && !container.isBound(ASSET_HANDLER))
    throw invalidParameter(
      "plugins",
      "no handler is loaded; without the built-in ones, at least one plugin is required",
    );
  checkHandlers(handlersIn(container));
}

/** Returns all handlers bound so far, in registration order. */
export const handlersIn = (container: Container): readonly AssetHandler[] =>
  container.isBound(ASSET_HANDLER) ? container.getAll(ASSET_HANDLER) : [];

/** The built-in handler's module, for threads. */
const DITA_URL = new URL("../plugins/dita/index.js", import.meta.url).href;

/**
 * Opens threads if a handler has `thread`, and checks that each such handler of the host's can be loaded in a thread. A
 * thread loads the host's plugins only if one of them has `thread`: loading a module may have effects that are wanted
 * once.
 */
export async function openThreads(
  handlers: readonly AssetHandler[],
  { plugins = [], builtIns = true }: AssetmillOptions,
  { threads, threadMemoryMb, concurrency }: EngineOptions,
): Promise<HandlerThreads | undefined> {
  const threaded = handlers.filter(({ thread }) => thread !== undefined && thread !== false);
  if (threaded.length === 0) return undefined;
  const ditaHandler = builtIns ? (await import("../plugins/dita/index.js")).ditaHandler : undefined;
  const { PiscinaHandlerThreads } = await import("../adapters/threads/index.js");
  const wanted = threaded.filter((handler) => handler !== ditaHandler).map(({ name }) => name);
  const urls = plugins.flatMap((plugin) => (plugin instanceof URL ? [plugin.href] : []));
  const isOccasional = !threaded.some(({ thread }) => thread === true);
  const forFew = !threaded.some(runsInBatches);
  const pool = new PiscinaHandlerThreads({
    isOccasional,
    threads: threads || (forFew ? 1 : Math.min(concurrency, availableParallelism())),
    memoryMb: threadMemoryMb,
    modules: [...(ditaHandler && handlers.includes(ditaHandler) ? [DITA_URL] : []), ...(wanted.length > 0 ? urls : [])],
  });
  if (wanted.length === 0) return pool;
  try {
    const names = await pool.handlerNames();
    const missing = wanted.filter((name) => !names.includes(name));
    if (missing.length === 0) return pool;
    const uses = handlers.filter(({ name }) => missing.includes(name)).map(({ thread }) => thread);
    const use = uses.every((thread) => thread === true) ? "thread: true" : "thread: { overBytes }";
    const which = missing.length === 1 ? `handler ${missing[0]} has` : `handlers ${missing.join(", ")} have`;
    const message = `${which} ${use}, but no plugin file provides it; pass the file's URL instead of the object`;
    throw invalidParameter("plugins", message);
  } catch (error) {
    await pool.close();
    throw error;
  }
}

/** Returns the handlers if they are valid. Checked at the start, before the first asset. */
export function checkHandlers(handlers: readonly AssetHandler[]): readonly AssetHandler[] {
  const names = new Set<string>();
  for (const handler of handlers) {
    const name: unknown = handler?.name;
    if (typeof name !== "string" || !/^[\w.-]{1,64}$/.test(name)) {
      throw invalidParameter(
        "plugins",
        `a handler's name must be 1 to 64 letters, digits, ".", "_" or "-", not ${String(name)}`,
      );
    }
    if (names.has(name)) throw invalidParameter("plugins", `two handlers are named ${name}`);
    names.add(name);
    if (typeof handler.version !== "string") throw invalidParameter("plugins", `handler ${name} has no version`);
    if (typeof handler.process !== "function") throw invalidParameter("plugins", `handler ${name} has no process()`);
    if (handler.types !== undefined && !(Array.isArray(handler.types) && handler.types.length > 0)) {
      throw invalidParameter("plugins", `handler ${name}: types must be a list of job types`);
    }
    refuseMistypedKeys(handler);
  }
  return handlers;
}
