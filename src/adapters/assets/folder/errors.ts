import { existsSync } from "node:fs";
import { AssetmillError } from "../../../core/errors.js";

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException | undefined)?.code ?? "";

/** A file system error about one asset as ours. A missing root is UNAVAILABLE: an unmounted disk blames no asset. */
export function folderError(error: unknown, path: string, root: string): AssetmillError {
  if (AssetmillError.is(error)) return error;
  const code = codeOf(error);
  const details = { ids: { path }, cause: error };
  if (code === "EMFILE" || code === "ENFILE" || code === "ENOMEM") {
    return new AssetmillError("UNAVAILABLE", `no more files can be opened (${code})`, details);
  }
  if (code === "ENOENT" || code === "ENOTDIR" || code === "EISDIR") {
    if (!existsSync(root)) return new AssetmillError("UNAVAILABLE", "the repository's folder is not there", details);
    return new AssetmillError("GONE", "no such asset", details);
  }
  if (code === "EACCES" || code === "EPERM") return new AssetmillError("ACCESS_DENIED", "not readable", details);
  return new AssetmillError("READ_FAILED", `could not be read (${code || "unknown error"})`, details);
}
