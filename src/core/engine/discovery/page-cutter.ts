import type { DiscoveryClaim, DiscoveryPage, ManifestEntry, NewChunk } from "../../job/chunk.js";
import type { Job } from "../../job/job.js";
import type { LogEntry } from "../../job/log-entry.js";
import type { SkipRules } from "../../asset/skip-rules.js";
import { TallyCounter } from "../../job/tally.js";
import type { SourcePage } from "./source-page.js";

/**
 * Turns the stream of assets into pages of chunks. In a dry run it only counts and makes no chunks. In a listing job,
 * the chunks have no open assets.
 */
export class PageCutter {
  readonly #chunkSize: number;
  readonly #rules: SkipRules;
  readonly #fromScratch: boolean;
  #part: number;
  #nextChunk: number;
  #cursor: string | undefined;
  #storedCursor: string | undefined;
  #found: ManifestEntry[] = [];
  #hidden = 0;
  #pages = 0;
  readonly #counts: boolean;
  readonly #lists: boolean;

  constructor({ request }: Job, claim: DiscoveryClaim, chunkSize: number, rules: SkipRules) {
    this.#chunkSize = chunkSize;
    this.#rules = rules;
    this.#part = claim.part;
    this.#nextChunk = claim.nextChunk;
    this.#cursor = claim.cursor;
    this.#storedCursor = claim.cursor;
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

  /** Whether there is anything that the last page did not have. */
  get hasProgress(): boolean {
    return this.#found.length > 0 || this.#cursor !== this.#storedCursor;
  }

  add({ entries, upTo, hidden = 0 }: SourcePage): void {
    // One by one: a host's repository may yield pages of any size, and a call takes only so many arguments.
    for (const entry of entries) this.#found.push(entry);
    this.#cursor = upTo;
    this.#hidden += hidden;
  }

  cut(complete: boolean): DiscoveryPage {
    const tally = new TallyCounter();
    tally.hidden(this.#hidden);
    const chunks: NewChunk[] = [];
    for (let i = 0; i < this.#found.length; i += this.#chunkSize) {
      const entries = this.#found.slice(i, i + this.#chunkSize).map((entry) => this.#entry(entry, tally));
      if (this.#counts) continue;
      const open = this.#lists ? 0 : entries.reduce((count, entry) => count + (entry.skip ? 0 : 1), 0);
      chunks.push({ number: this.#nextChunk++, entries, open });
    }
    const ends = { first: this.#found[0]?.asset.path, last: this.#found.at(-1)?.asset.path };
    const lines = this.#counts ? this.#found.flatMap(unreadableLine) : [];
    this.#found = [];
    this.#hidden = 0;
    this.#storedCursor = this.#cursor;
    if (chunks.length > 0 || this.#counts) this.#pages++;
    return {
      part: this.#part++,
      chunks,
      ...ends,
      cursor: this.#cursor,
      tally: tally.take(),
      ...(lines.length === 0 ? {} : { lines }),
      complete,
    };
  }

  #entry(entry: ManifestEntry, tally: TallyCounter): ManifestEntry {
    const { asset } = entry;
    const skip = entry.skip ?? this.#rules.reasonFor(asset);
    tally.found(asset.fileType, skip ? 0 : asset.sizeBytes);
    if (!skip) return entry;
    tally.skipped(asset.fileType, skip);
    return { asset, skip };
  }
}

/** Names what cannot be read. Only for a dry run: in any other, it fails by itself, which is logged. */
const unreadableLine = ({ asset: { path, unreadable } }: ManifestEntry): readonly LogEntry[] =>
  unreadable ? [{ level: "WARN", message: `Cannot be read: ${path}: ${unreadable.code} ${unreadable.message}` }] : [];
