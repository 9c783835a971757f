import { AssetmillError } from "../../errors.js";
import type { EngineTools } from "../tools.js";

/** Share of an asset's deadline after which a repository that answers nobody counts as silent. */
const SHARE = 0.5;

/**
 * Returns an UNAVAILABLE error if the repository is silent; undefined if it answers, or if nobody is waiting for it.
 */
export function repositorySilence({
  latency,
  options,
}: Pick<EngineTools, "latency" | "options">): AssetmillError | undefined {
  const forMs = options.deadlineMs * SHARE;
  if (!latency.repository.isSilent(forMs)) return undefined;
  return new AssetmillError(
    "UNAVAILABLE",
    `the repository has not answered any call for at least ${Math.round(forMs / 1_000)} s`,
  );
}
