import type { CommitAnswer } from "../../ports/chunk-store.js";
import type { AssetLanes } from "./asset-lanes.js";
import type { Committer } from "./committer.js";
import type { ResultWriter } from "./result-writer.js";

/**
 * "done": the chunk is closed. "stopped": it was told to stop and must be released. "abandoned": it was told to stop,
 * but a handler still runs, so its lease must expire. "lost": the lease was lost.
 */
export type ChunkEnd = "done" | "stopped" | "abandoned" | "lost";

/** Dependencies of the chunk loop. */
export interface ChunkLoop {
  readonly committer: Committer;
  /** Present if results are not part of the commit. */
  readonly results?: ResultWriter;
  /** Called with every answer, which has the job's current state. */
  readonly onAnswer: (answer: CommitAnswer) => void;
}

/**
 * Commits the assets that have ended each time `batches` yields, until the chunk is closed, stopped or lost.
 *
 * The guarantee: an asset's handlers run at least once, and never again after its outcome is committed. The outcome is
 * counted exactly once. Enlisted results appear exactly once, together with the outcome; others are written just
 * before, and writing them twice changes nothing. After a crash, the next owner of the chunk reruns what was not
 * committed.
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
