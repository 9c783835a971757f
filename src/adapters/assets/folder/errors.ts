import { existsSync } from "node:fs";
import { AssetmillError } from "../../../core/errors.js";

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
  return new AssetmillError("READ_FAILED", `cannot be read (${code || "unknown error"})`, details);
}
