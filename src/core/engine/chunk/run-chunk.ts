import type { CommitAnswer } from "../../ports/chunk-store.js";
import type { AssetLanes } from "./asset-lanes.js";
import type { Committer } from "./committer.js";
import type { ResultWriter } from "./result-writer.js";

/**
 * "done": closed. "stopped": told to stop, still ours, to be released. "abandoned": the same, but a handler still runs.
 * "lost": not ours any more.
 */
export type ChunkEnd = "done" | "stopped" | "abandoned" | "lost";

/** What the chunk loop needs. */
export interface ChunkLoop {
  readonly committer: Committer;
  /** Given where results are not part of the commit. */
  readonly results?: ResultWriter;
  /** Sees every answer: it tells how the job stands now. */
  readonly onAnswer: (answer: CommitAnswer) => void;
}

/**
 * Commits what has ended whenever `batches` yields, until the chunk is closed, stopped or lost.
 *
 * The guarantee: an asset's handlers run at least once, and never again once its outcome is committed; its outcome is
 * counted exactly once. Results that are enlisted appear exactly once with it; others are written just before, and
 * writing them twice changes nothing. Whatever dies between two commits is run again by whoever claims the chunk next.
 */
export async function runChunk(
  lanes: AssetLanes,
  batches: AsyncIterable<unknown>,
  { committer, results, onAnswer }: ChunkLoop,
): Promise<ChunkEnd> {
  for await (const _ of batches) {
    await results?.write(lanes);
    const part = lanes.part.take();
    if (!part) continue;
    const answer = await committer.commit(part, lanes.alone);
    onAnswer(answer);
    if (answer.end === "lost") {
      lanes.stop("lease lost", true);
      return "lost";
    }
    if (part.closes) return "done";
  }
  if (lanes.abandoned) return "abandoned";
  return lanes.stopped === "lease lost" ? "lost" : "stopped";
}
