import type { DiscoveryClaim } from "../../job/chunk.js";
import type { Job } from "../../job/job.js";
import type { CommitAnswer } from "../../ports/chunk-store.js";
import { discoverySource } from "./discovery-source.js";
import { forgetGone } from "./forget-gone.js";
import { PageCutter } from "./page-cutter.js";
import { withTicks } from "./with-ticks.js";
import type { EngineTools } from "../tools.js";

/** Maximum number of chunks stored together. */
const CHUNKS_PER_PAGE = 20;
/**
 * Maximum time until progress is stored: workers wait for the assets found, and a killed process loses no more than that.
 * Far less than the second within which every life of a process must get on.
 */
const STORE_EVERY_MS = 200;

export type DiscoveryEnd = "done" | "stopped" | "lost";

/**
 * Walks the scope from the stored cursor and stores it page by page, split into chunks. Reads one page ahead while the
 * one before is cut, and further ones while that is stored. Stores the first page as soon as there is one, so that
 * processing can begin, and later ones by time, even while the repository takes long for its next page: each life of a
 * process that is killed again and again makes progress. A page may be empty: then only the cursor moves.
 */
export async function discover(
  job: Job,
  claim: DiscoveryClaim,
  signal: AbortSignal,
  onAnswer: (answer: CommitAnswer) => void,
  tools: EngineTools,
): Promise<DiscoveryEnd> {
  const { chunks, clock, options } = tools;
  const cutter = new PageCutter(job, claim, options.chunkSize, tools.skipRules);
  const source = discoverySource(job, { after: claim.cursor, pageSize: options.chunkSize, signal }, tools);
  let storing: Promise<CommitAnswer> | undefined;
  let storedMs = clock.monotonicMs();
  const store = async (complete: boolean): Promise<boolean> => {
    if ((await storing)?.end === "lost") return false;
    if (signal.aborted) return true;
    storedMs = clock.monotonicMs();
    storing = chunks.addPage(claim.lease, cutter.cut(complete));
    // Awaited before the next page is stored, which also handles a failure.
    storing.then(onAnswer, () => {});
    return true;
  };
  const untilDueMs = (): number | undefined =>
    cutter.hasProgress ? storedMs + STORE_EVERY_MS - clock.monotonicMs() : undefined;
  for await (const page of withTicks(source, untilDueMs, clock)) {
    if (signal.aborted) break;
    if (page) cutter.add(page);
    const due = (cutter.isFirst && cutter.waiting > 0) || cutter.waiting >= CHUNKS_PER_PAGE * options.chunkSize;
    if (!due && clock.monotonicMs() - storedMs < STORE_EVERY_MS) continue;
    if (!(await store(false))) return "lost";
  }
  if (!signal.aborted) {
    if ((await storing)?.end === "lost") return "lost";
    await forgetGone(job, signal, tools);
  }
  if (!signal.aborted && !(await store(true))) return "lost";
  const answer = await storing;
  if (answer?.end === "lost") return "lost";
  return signal.aborted ? "stopped" : "done";
}
