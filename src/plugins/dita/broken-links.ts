import type { RepositoryReader } from "../../core/ports/asset-handler.js";

/** Lookups in flight at once; each may be a round trip. */
const AT_ONCE = 64;

/** Returns those of `paths` that do not exist, in order. Stops between batches once the signal is aborted. */
export async function missingPaths(
  paths: readonly string[],
  repository: RepositoryReader,
  signal: AbortSignal,
): Promise<string[]> {
  const missing: string[] = [];
  for (let from = 0; from < paths.length; from += AT_ONCE) {
    signal.throwIfAborted();
    const round = paths.slice(from, from + AT_ONCE);
    const there = await Promise.all(round.map((path) => repository.exists(path)));
    missing.push(...round.filter((_path, index) => !there[index]));
  }
  return missing;
}
