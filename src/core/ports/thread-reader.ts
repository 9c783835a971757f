import type { AssetRepository } from "./asset-repository.js";

/** Reads a repository's assets in a worker thread. Whatever it returns is what the repository itself would answer. */
export interface ThreadReader extends Required<Pick<AssetRepository, "stat" | "names">> {
  /**
   * Returns the content of a small asset; undefined if it is not small, or cannot be read: the repository then says
   * why.
   */
  readNow(path: string): Uint8Array | undefined;

  /**
   * Returns whether anything exists at a path. That it does may have been seen up to a second ago; that nothing does is
   * seen now. Throws UNAVAILABLE if the repository is unreachable as a whole.
   */
  exists(path: string): boolean;
}
