import type { Outcome } from "../../asset/outcome.js";
import { MAX_CHARGES } from "../../job/lease-rules.js";
import { retryTools, retryWhileUnavailable } from "../retry-while-unavailable.js";
import type { EngineTools } from "../tools.js";
import type { AssetLanes } from "./asset-lanes.js";

/**
 * Runs a chunk whose owners died twice in a row: one asset at a time, each announced before it starts. Yields after each,
 * so that its outcome is committed before the next is announced: if this process dies, too, the store knows of which
 * asset. The one that was charged three times gets its outcome without being started.
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
    // It has no outcome: none after it may be announced.
    if (part.firstOpen === index) return;
  }
}

const POISONED: Outcome = Object.freeze({
  kind: "FAILED",
  code: "POISON",
  message: `its process died ${MAX_CHARGES} times in a row while it was handled`,
  attempts: MAX_CHARGES,
});
