import type { DiscoveryClaim, DiscoveryPage, ManifestEntry, NewChunk } from "../../job/chunk.js";
import type { Job } from "../../job/job.js";
import type { CommitAnswer } from "../../ports/chunk-store.js";
import type { SkipRules } from "../../asset/skip-rules.js";
import { discoverySource, type SourcePage } from "./discovery-source.js";
import { TallyCounter } from "../../job/tally.js";
import { forgetGone } from "./forget-gone.js";
import type { EngineTools } from "../tools.js";

/** Maximum number of chunks stored together. */
const CHUNKS_PER_PAGE = 10;
/** Maximum time until found assets are stored: workers wait for them, and a killed process loses no more than that. */
const STORE_EVERY_MS = 200;

export type DiscoveryEnd = "done" | "stopped" | "lost";

/**
 * Walks the scope from the stored cursor and stores it page by page, split into chunks. Reads one page ahead while the
 * previous one is being stored. Stores the first page as soon as there is one, so that processing can begin.
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
  for await (const page of source) {
    if (signal.aborted) break;
    cutter.add(page);
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

/**
 * Turns the stream of assets into pages of chunks. In a dry run it only counts and makes no chunks. In a listing job,
 * the chunks have no open assets.
 */
class PageCutter {
  readonly #chunkSize: number;
  readonly #rules: SkipRules;
  readonly #fromScratch: boolean;
  #part: number;
  #nextChunk: number;
  #cursor: string | undefined;
  #found: ManifestEntry[] = [];
  #pages = 0;
  readonly #counts: boolean;
  readonly #lists: boolean;

  constructor({ request }: Job, claim: DiscoveryClaim, chunkSize: number, rules: SkipRules) {
    this.#chunkSize = chunkSize;
    this.#rules = rules;
    this.#part = claim.part;
    this.#nextChunk = claim.nextChunk;
    this.#cursor = claim.cursor;
    this.#fromScratch = claim.cursor === undefined;
    this.#counts = request.dryRun === true;
    this.#lists = request.listing !== undefined;
  }

  get waiting(): number {
    return this.#found.length;
  }

  /** Whether this job has no page yet. */
  get isFirst(): boolean {
    return this.#fromScratch && this.#pages === 0;
  }

  add({ entries, upTo }: SourcePage): void {
    this.#found.push(...entries);
    this.#cursor = upTo;
  }

  cut(complete: boolean): DiscoveryPage {
    const tally = new TallyCounter();
    const chunks: NewChunk[] = [];
    for (let i = 0; i < this.#found.length; i += this.#chunkSize) {
      const entries = this.#found.slice(i, i + this.#chunkSize).map((entry) => this.#entry(entry, tally));
      if (this.#counts) continue;
      const open = this.#lists ? 0 : entries.reduce((count, entry) => count + (entry.skip ? 0 : 1), 0);
      chunks.push({ number: this.#nextChunk++, entries, open });
    }
    const ends = { first: this.#found[0]?.asset.path, last: this.#found.at(-1)?.asset.path };
    this.#found = [];
    if (chunks.length > 0 || this.#counts) this.#pages++;
    return { part: this.#part++, chunks, ...ends, cursor: this.#cursor, tally: tally.take(), complete };
  }

  #entry(entry: ManifestEntry, tally: TallyCounter): ManifestEntry {
    const { asset } = entry;
    const skip = entry.skip ?? this.#rules.reasonFor(asset);
    tally.found(asset.fileType);
    if (!skip) return entry;
    tally.skipped(asset.fileType, skip);
    return { asset, skip };
  }
}
