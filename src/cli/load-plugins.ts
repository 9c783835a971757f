import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { invalidParameter, messageOf } from "../core/errors.js";
import type { Plugin } from "../options.js";

/**
 * Loads ES modules whose default export is an AssetHandler, an array of them, or a ContainerModule. Loading them here lets
 * errors name the file. They are returned as URLs, so that worker threads can load them, too.
 */
export async function loadPlugins(files: readonly string[]): Promise<readonly Plugin[]> {
  const plugins: Plugin[] = [];
  for (const file of files) plugins.push(await loadPlugin(file));
  return plugins;
}

async function loadPlugin(file: string): Promise<URL> {
  const url = pathToFileURL(resolve(file));
  let exported: unknown;
  try {
    exported = ((await import(url.href)) as { default?: unknown }).default;
  } catch (error) {
    throw invalidParameter("plugin", `${file} cannot be loaded: ${messageOf(error)}`);
  }
  const list: readonly unknown[] = Array.isArray(exported) ? exported : [exported];
  if (list.length === 0 || list.some((plugin) => typeof plugin !== "object" || plugin === null)) {
    throw invalidParameter(
      "plugin",
      `${file} must have a default export: an AssetHandler, an array of them, or a ContainerModule`,
    );
  }
  return url;
}
