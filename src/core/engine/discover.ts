import type { Asset } from "../asset.js";
import type { DiscoveryClaim, DiscoveryPage, ManifestEntry, NewChunk } from "../chunk.js";
import type { Job } from "../job.js";
import { scopeOfRequest } from "../job-request.js";
import type { CommitAnswer } from "../ports/chunk-store.js";
import type { SkipRules } from "../skip-rules.js";
import { TallyCounter } from "../tally.js";
import type { EngineTools } from "./tools.js";

/** Chunks stored together at most. */
const CHUNKS_PER_PAGE = 10;
/** What is found is stored at the latest after this: workers wait for it, and a kill repeats no more than it. */
const STORE_EVERY_MS = 200;

export type DiscoveryEnd = "done" | "stopped" | "lost";

/**
 * Walks the scope from the stored cursor and stores it page by page, cut into chunks. The walk reads ahead by one page
 * while the last one is being stored. The first page is stored as soon as there is one, so that processing can begin.
 */
export async function discover(
  job: Job,
  claim: DiscoveryClaim,
  signal: AbortSignal,
  onAnswer: (answer: CommitAnswer) => void,
  tools: EngineTools,
): Promise<DiscoveryEnd> {
  const { repository, chunks, clock, options } = tools;
  const cutter = new PageCutter(claim, options.chunkSize, tools.skipRules);
  const scan = repository.scan(scopeOfRequest(job.request), {
    ...(claim.cursor === undefined ? {} : { after: claim.cursor }),
    pageSize: options.chunkSize,
    signal,
  });
  let storing: Promise<CommitAnswer> | undefined;
  let storedMs = clock.monotonicMs();
  const store = async (last: boolean): Promise<boolean> => {
    if ((await storing)?.end === "lost") return false;
    if (signal.aborted) return true;
    storedMs = clock.monotonicMs();
    storing = chunks.addPage(claim.lease, cutter.cut(last));
    // Answered before the next page is stored; a failure is met there too.
    storing.then(onAnswer, () => {});
    return true;
  };
  for await (const page of scan) {
    if (signal.aborted) break;
    cutter.add(page);
    const due = cutter.isFirst || cutter.waiting >= CHUNKS_PER_PAGE * options.chunkSize;
    if (!due && clock.monotonicMs() - storedMs < STORE_EVERY_MS) continue;
    if (!(await store(false))) return "lost";
  }
  if (!signal.aborted && !(await store(true))) return "lost";
  const answer = await storing;
  if (answer?.end === "lost") return "lost";
  return signal.aborted ? "stopped" : "done";
}

/** Turns the stream of assets into pages of chunks. */
class PageCutter {
  readonly #chunkSize: number;
  readonly #rules: SkipRules;
  readonly #fromScratch: boolean;
  #part: number;
  #nextChunk: number;
  #cursor: string | undefined;
  #assets: Asset[] = [];
  #pages = 0;

  constructor(claim: DiscoveryClaim, chunkSize: number, rules: SkipRules) {
    this.#chunkSize = chunkSize;
    this.#rules = rules;
    this.#part = claim.part;
    this.#nextChunk = claim.nextChunk;
    this.#cursor = claim.cursor;
    this.#fromScratch = claim.cursor === undefined;
  }

  get waiting(): number {
    return this.#assets.length;
  }

  /** True until a page of this job was cut. */
  get isFirst(): boolean {
    return this.#fromScratch && this.#pages === 0;
  }

  add(assets: readonly Asset[]): void {
    this.#assets.push(...assets);
  }

  cut(last: boolean): DiscoveryPage {
    const tally = new TallyCounter();
    const chunks: NewChunk[] = [];
    for (let i = 0; i < this.#assets.length; i += this.#chunkSize) {
      const entries = this.#assets.slice(i, i + this.#chunkSize).map((asset) => this.#entry(asset, tally));
      const open = entries.reduce((count, entry) => count + (entry.skip ? 0 : 1), 0);
      chunks.push({ number: this.#nextChunk++, entries, open });
    }
    this.#cursor = this.#assets.at(-1)?.path ?? this.#cursor;
    this.#assets = [];
    this.#pages++;
    return { part: this.#part++, chunks, cursor: this.#cursor, tally: tally.take(), last };
  }

  #entry(asset: Asset, tally: TallyCounter): ManifestEntry {
    const skip = this.#rules.reasonFor(asset);
    tally.found(asset.fileType);
    if (!skip) return { asset };
    tally.skipped(asset.fileType, skip);
    return { asset, skip };
  }
}
