import { AssetmillError } from "../errors.js";
import type { Asset, Unreadable } from "./asset.js";

/**
 * Returns an entry for a path that cannot be read, so that a job or an import names it and goes on with the rest. What it
 * is remains unknown: a file, or a folder with everything below it.
 */
export const unreadableAt = (path: string, { code, message }: Unreadable): Asset => ({
  path,
  fileType: "OTHERS",
  sizeBytes: 0,
  createdMs: 0,
  modifiedMs: 0,
  unreadable: { code, message },
});

/** Returns code and message if an error says that what is at one path cannot be read; undefined for any other error. */
export function unreadableBy(error: unknown): Unreadable | undefined {
  if (!AssetmillError.is(error) || error.ids.path === undefined) return undefined;
  const { code, message } = error;
  return code === "ACCESS_DENIED" || code === "READ_FAILED" ? { code, message } : undefined;
}
