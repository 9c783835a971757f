import type { HistoryPage } from "../core/ports/job-operator.js";

/** Least characters of a piece but the last. */
const PIECE = 64 * 1024;

/** Renders a page of the history as JSON in pieces: the whole text may be several megabytes, and its reader slow. */
export async function* historyText({ jobs, next }: HistoryPage): AsyncGenerator<string, void> {
  let piece = '{"executionHistory":[';
  for (const [i, job] of jobs.entries()) {
    piece += `${i === 0 ? "" : ","}${JSON.stringify(job)}`;
    if (piece.length < PIECE) continue;
    yield piece;
    piece = "";
  }
  yield `${piece}]${next === undefined ? "" : `,"next":${JSON.stringify(next)}`}}`;
}
