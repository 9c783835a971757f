import type { Outcome } from "../../asset/outcome.js";
import { MAX_CHARGES } from "../../job/lease-rules.js";
import { retryTools, retryWhileUnavailable } from "../retry-while-unavailable.js";
import type { EngineTools } from "../tools.js";
import type { AssetLanes } from "./asset-lanes.js";

/**
 * Runs a careful chunk: one asset at a time, each announced before it starts. Yields after each asset, so that its
 * outcome is committed before the next is announced: if this process dies, the store knows which asset was running. An
 * asset that was charged three times is not started: it fails as POISON.
 */
export async function* carefulBatches(lanes: AssetLanes, tools: EngineTools): AsyncGenerator<void> {
  const { claim, part } = lanes;
  const announced = (index: number): Promise<"announced" | "lost"> =>
    retryWhileUnavailable(() => tools.chunks.announce(claim.lease, index), retryTools(tools, lanes.over));
  for (const index of claim.open) {
    if (lanes.stopped) return;
    if (claim.careful?.poisoned === index) {
      lanes.settleNext(POISONED);
      yield;
    } else {
      if ((await announced(index)) === "lost") return lanes.stop("lease lost", true);
      lanes.start(1);
      yield* lanes.batches();
    }
    // The asset has no outcome, so no later one may be announced.
    if (part.firstOpen === index) return;
  }
}

const POISONED: Outcome = Object.freeze({
  kind: "FAILED",
  code: "POISON",
  message: `its process died ${MAX_CHARGES} times in a row while processing it`,
  attempts: MAX_CHARGES,
});
