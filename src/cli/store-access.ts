import { existsSync } from "node:fs";
import { DEFAULT_STORE, openControl } from "../container.js";
import { invalidParameter } from "../core/errors.js";
import type { JobControl } from "../core/ports/job-operator.js";
import { parseStoreUri } from "../uris.js";

/** The store's URI, if there is a store: a mistyped name must not make a new, empty one. */
export function existingStore(store: string | undefined): string {
  const uri = store ?? DEFAULT_STORE;
  const { file } = parseStoreUri(uri);
  if (!existsSync(file)) throw invalidParameter("store", `there is no store ${file}; name one with --store`);
  return uri;
}

/** Runs `work` on the jobs of a store that exists. */
export async function withStore<T>(store: string | undefined, work: (control: JobControl) => Promise<T>): Promise<T> {
  const { control, close } = await openControl(existingStore(store));
  try {
    return await work(control);
  } finally {
    await close();
  }
}
