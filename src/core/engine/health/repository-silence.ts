import { AssetmillError } from "../../errors.js";
import type { EngineTools } from "../tools.js";

/** What of its deadline an asset has spent waiting for a repository that answers nobody, before that is the reason. */
const SHARE = 0.5;

/** That the repository answers nobody, as an error; undefined where it answers, or nobody asks. */
export function repositorySilence({
  latency,
  options,
}: Pick<EngineTools, "latency" | "options">): AssetmillError | undefined {
  const forMs = options.deadlineMs * SHARE;
  if (!latency.repository.isSilent(forMs)) return undefined;
  return new AssetmillError(
    "UNAVAILABLE",
    `the repository has answered nothing for ${Math.round(forMs / 1_000)} s or more`,
  );
}
