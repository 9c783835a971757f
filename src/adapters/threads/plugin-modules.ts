import { Container, ContainerModule } from "inversify";
import { invalidParameter, messageOf } from "../../core/errors.js";
import type { AssetHandler } from "../../core/ports/asset-handler.js";
import { ASSET_HANDLER } from "../../core/ports/asset-handler-token.js";

/** What a plugin's module may give: a handler, or an inversify module that binds handlers. */
type Given = AssetHandler | ContainerModule;

/** What a plugin's module gives, as modules for a container. INVALID_PARAMETER `plugins` where it gives nothing. */
export async function importPlugin(url: string): Promise<readonly ContainerModule[]> {
  let given: unknown;
  try {
    given = ((await import(url)) as { default?: unknown }).default;
  } catch (error) {
    throw invalidParameter("plugins", `${url} cannot be loaded: ${messageOf(error)}`);
  }
  const list: readonly unknown[] = Array.isArray(given) ? given : [given];
  if (list.length === 0 || list.some((plugin) => typeof plugin !== "object" || plugin === null)) {
    throw invalidParameter("plugins", `${url} has no default export that is a handler, a list, or a ContainerModule`);
  }
  return (list as readonly Given[]).map(asModule);
}

/** A handler bound, or the module itself. By shape, not by class: a plugin may bring its own copy of inversify. */
export function asModule(given: Given): ContainerModule {
  if (given instanceof ContainerModule || ("load" in given && !("process" in given))) return given;
  return new ContainerModule(({ bind }) => {
    bind(ASSET_HANDLER).toConstantValue(given);
  });
}

/** Every handler that these modules give, by name. */
export async function handlersOf(urls: readonly string[]): Promise<ReadonlyMap<string, AssetHandler>> {
  const container = new Container({ defaultScope: "Singleton" });
  for (const url of urls) await container.loadAsync(...(await importPlugin(url)));
  const handlers = container.isBound(ASSET_HANDLER) ? await container.getAllAsync<AssetHandler>(ASSET_HANDLER) : [];
  return new Map(handlers.map((handler) => [handler.name, handler]));
}
