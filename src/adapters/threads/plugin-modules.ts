import { Container, ContainerModule } from "inversify";
import { invalidParameter, messageOf } from "../../core/errors.js";
import type { AssetHandler } from "../../core/ports/asset-handler.js";
import { ASSET_HANDLER } from "../../core/ports/asset-handler-token.js";

/** A plugin's export: a handler, or an inversify module that binds handlers. */
type Given = AssetHandler | ContainerModule;

/** Imports a plugin as modules for a container. Throws INVALID_PARAMETER `plugins` if it cannot be loaded or exports none. */
export async function importPlugin(url: string): Promise<readonly ContainerModule[]> {
  let given: unknown;
  try {
    given = ((await import(url)) as { default?: unknown }).default;
  } catch (error) {
    throw invalidParameter("plugins", `cannot load ${url}: ${messageOf(error)}`);
  }
  const list: readonly unknown[] = Array.isArray(given) ? given : [given];
  if (list.length === 0 || list.some((plugin) => typeof plugin !== "object" || plugin === null)) {
    throw invalidParameter(
      "plugins",
      `the default export of ${url} must be a handler, a ContainerModule, or a list of these`,
    );
  }
  return (list as readonly Given[]).map(asModule);
}

/** Returns a module that binds a handler, or the given module. Checks its shape, not its class: a plugin may bring its own inversify. */
export function asModule(given: Given): ContainerModule {
  if (given instanceof ContainerModule || ("load" in given && !("process" in given))) return given;
  return new ContainerModule(({ bind }) => {
    bind(ASSET_HANDLER).toConstantValue(given);
  });
}

/** Loads all handlers of these modules, by name. */
export async function handlersOf(urls: readonly string[]): Promise<ReadonlyMap<string, AssetHandler>> {
  const container = new Container({ defaultScope: "Singleton" });
  for (const url of urls) await container.loadAsync(...(await importPlugin(url)));
  const handlers = container.isBound(ASSET_HANDLER) ? await container.getAllAsync<AssetHandler>(ASSET_HANDLER) : [];
  return new Map(handlers.map((handler) => [handler.name, handler]));
}
