import type { CommitAnswer } from "../../ports/chunk-store.js";
import type { Clock } from "../../ports/clock.js";
import type { ChunkRun } from "./chunk-run.js";
import type { Committer } from "./committer.js";
import type { ResultWriter } from "./result-writer.js";

/**
 * "done": closed. "stopped": told to stop, still ours, to be released. "left": so, but a handler of it still
 * runs. "lost": not ours any more.
 */
export type ChunkEnd = "done" | "stopped" | "left" | "lost";

/** What the chunk loop needs. */
export interface ChunkLoop {
  readonly committer: Committer;
  /** Where results are not part of the commit. */
  readonly results?: ResultWriter;
  readonly clock: Clock;
  readonly commitEveryMs: number;
  /** Sees every answer: it tells how the job stands now. */
  readonly onAnswer: (answer: CommitAnswer) => void;
}

/**
 * Commits what has ended, every so often and at the end, until the chunk is closed, stopped or lost.
 *
 * The guarantee: an asset's handlers run at least once, and never again once its outcome is committed; its outcome is
 * counted exactly once. Results that are enlisted appear exactly once with it; others are written just before, and
 * writing them twice changes nothing. Whatever dies between two commits is run again by whoever claims the chunk next.
 */
export async function runChunk(run: ChunkRun, loop: ChunkLoop): Promise<ChunkEnd> {
  for (;;) {
    const ending = run.ended;
    const ended = await endedWithin(ending, loop.commitEveryMs, loop.clock);
    await loop.results?.write(run);
    const part = run.part.take();
    if (part) {
      const answer = await loop.committer.commit(part);
      loop.onAnswer(answer);
      if (answer.end === "lost") {
        run.stop("lease lost", true);
        return "lost";
      }
      if (part.closes) return "done";
    }
    if (ended && run.ended === ending) return run.left ? "left" : "stopped";
  }
}

/** A reason at hand: abort() without one makes an error with a stack each time. */
const WAITED = new Error("waited");

async function endedWithin(ended: Promise<void>, ms: number, clock: Clock): Promise<boolean> {
  const stopWaiting = new AbortController();
  try {
    return await Promise.race([ended.then(() => true), clock.sleep(ms, stopWaiting.signal).then(() => false)]);
  } finally {
    stopWaiting.abort(WAITED);
  }
}
