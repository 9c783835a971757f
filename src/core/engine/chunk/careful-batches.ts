import type { Outcome } from "../../asset/outcome.js";
import { isUnavailable } from "../../errors.js";
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
  const announce = async (index: number): Promise<"announced" | "lost" | "not stored"> => {
    try {
      return await retryWhileUnavailable(
        () => tools.chunks.announce(claim.lease, index),
        retryTools(tools, lanes.over),
      );
    } catch (error) {
      // The store is unreachable, and the chunk was told to stop meanwhile.
      if (isUnavailable(error)) return "not stored";
      throw error;
    }
  };
  for (const index of claim.open) {
    if (lanes.stopped) return;
    if (claim.careful?.poisoned === index) {
      lanes.settleNext(POISONED);
      yield;
    } else {
      const answer = await announce(index);
      if (answer === "lost") lanes.stop("lease lost", true);
      if (answer !== "announced") return;
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
  message: `the worker process died ${MAX_CHARGES} times in a row while it processed this asset`,
  attempts: MAX_CHARGES,
});
