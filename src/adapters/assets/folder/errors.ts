import { existsSync, opendirSync } from "node:fs";
import type { Asset } from "../../../core/asset/asset.js";
import { unreadableAt, unreadableBy } from "../../../core/asset/unreadable.js";
import { AssetmillError } from "../../../core/errors.js";
import { enter } from "./enter.js";

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException | undefined)?.code ?? "";

/** Converts a file system error about one asset. A missing root is UNAVAILABLE: an unmounted disk must not fail assets. */
export function folderError(error: unknown, path: string, root: string): AssetmillError {
  if (AssetmillError.is(error)) return error;
  const code = codeOf(error);
  const details = { ids: { path }, cause: error };
  if (code === "EMFILE" || code === "ENFILE" || code === "ENOMEM") {
    return new AssetmillError(
      "UNAVAILABLE",
      `cannot open more files (${code}); raise the limit of open files`,
      details,
    );
  }
  if (code === "ENOENT" || code === "ENOTDIR" || code === "EISDIR") {
    if (!existsSync(root))
      return new AssetmillError(
        "UNAVAILABLE",
        "the repository's folder does not exist (is its disk mounted?)",
        details,
      );
    return new AssetmillError("GONE", "asset not found", details);
  }
  if (code === "EACCES" || code === "EPERM")
    return new AssetmillError("ACCESS_DENIED", `permission to read denied (${code})`, details);
  if (code === "ENAMETOOLONG")
    return new AssetmillError("READ_FAILED", `the path is longer than this system allows (${code})`, details);
  return new AssetmillError("READ_FAILED", `cannot be read (${code || "unknown error"})`, details);
}

/**
 * Returns the entry for a path that a scan cannot read. Throws if the error does not concern that path alone: nothing more
 * of the tree can be read (a disk that has gone), or no more files can be opened.
 */
export function unreadableAsset(error: unknown, path: string, root: string): Asset {
  const failure = folderError(error, path, root);
  const unreadable = unreadableBy(failure);
  if (!unreadable) throw failure;
  try {
    opendirSync(root).closeSync();
    enter(root);
  } catch {
    throw failure;
  }
  return unreadableAt(path, unreadable);
}
